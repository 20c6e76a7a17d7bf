"""Letters as they come: charsets, HTML, broken MIME, a thousand files. Nothing breaks the reader."""

from __future__ import annotations

import base64
import codecs
import quopri
import random
import time
from email.header import Header

import pytest

from desk.mail.history import without_history
from desk.mail.html_text import text_of_html
from desk.mail.reading import LONGEST_TEXT, Mail, parse
from tests.letters import SENDER, TEXT, bounce, letter, raw
from tests.telling import tell_count

WORDS = "Здравствуйте! Мне нужна помощь с пособием. Ёлка, объём, щётка."


def test_plain_letter_is_read_whole():
    mail = parse(letter(files={"spravka.pdf": b"%PDF-1.4"}).as_bytes())
    assert (mail.sender, mail.name) == (SENDER, "Образец Отправителя")
    assert (mail.subject, mail.text) == ("Образец темы", TEXT)
    assert [(file.name, file.content) for file in mail.files] == [("spravka.pdf", b"%PDF-1.4")]
    assert mail.written_by == ""


@pytest.mark.parametrize("charset", ["utf-8", "koi8-r", "cp1251", "iso-8859-5", "utf-16"])
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_cyrillic_charsets(charset, encoding):
    if charset == "utf-16" and encoding == "8bit":
        pytest.skip("no server takes that")
    body = WORDS.encode(charset)
    coded = {
        "8bit": body,
        "base64": base64.encodebytes(body),
        "quoted-printable": quopri.encodestring(body),
    }[encoding]
    subject = Header(WORDS, charset if charset != "utf-16" else "utf-8").encode()
    mail = parse(
        raw(
            f"From: {SENDER}\nSubject: {subject}\nContent-Type: text/plain; charset={charset}\n"
            f"Content-Transfer-Encoding: {encoding}",
            coded,
        )
    )
    assert (mail.text, mail.subject) == (WORDS, WORDS)


@pytest.mark.parametrize("charset", ["utf-8", "koi8-r", "cp1251"])
@pytest.mark.parametrize(
    "said", ["", "; charset=unknown-8bit", "; charset=us-ascii", '; charset="x\'"']
)
def test_charset_that_is_missing_or_wrong_is_guessed(charset, said):
    head = f"From: {SENDER}\nContent-Type: text/plain{said}\nSubject: "
    mail = parse(head.encode() + WORDS.encode(charset) + b"\n\n" + WORDS.encode(charset))
    assert (mail.text, mail.subject) == (WORDS, WORDS)


def test_html_only_letter_becomes_text():
    page = (
        "<html><head><style>p{color:red}</style><title>нет</title></head><body><p>Добрый&nbsp;день,"
        " <b>центр</b>!</p><script>alert(1)</script><div>Первая<br>вторая</div>"
        "<ul><li>раз</li><li>два</li></ul><table><tr><td>а</td><td>б</td></tr></table></body></html>"
    )
    mail = parse(raw(f"From: {SENDER}\nContent-Type: text/html; charset=utf-8", page.encode()))
    assert mail.text.split("\n") == ["Добрый день, центр!", "Первая", "вторая", "раз", "два", "а б"]


def test_words_of_html_are_not_lost_to_a_plain_footer():
    message = letter("подвал рассылки")
    message.make_mixed()
    message.add_attachment("<p>само письмо</p>", subtype="html")
    for part in message.iter_attachments():
        if part.get_content_type() == "text/html":
            del part["Content-Disposition"]
    mail = parse(message.as_bytes())
    assert "само письмо" in mail.text
    assert "подвал рассылки" in mail.text


def test_of_two_versions_one_is_read():
    message = letter("простой текст")
    message.add_alternative("<p>нарядный текст</p>", subtype="html")
    assert parse(message.as_bytes()).text == "простой текст"
    message = letter("  \n")
    message.add_alternative("<p>нарядный текст</p>", subtype="html")
    assert parse(message.as_bytes()).text == "нарядный текст"


def test_letter_in_a_letter_gives_its_words_and_files():
    inner = letter("слова внутри", subject="Прежнее", files={"paper.pdf": b"%PDF-1.4 x"})
    outer = letter("смотрите ниже")
    outer.add_attachment(inner)
    mail = parse(outer.as_bytes())
    assert mail.text.startswith("смотрите ниже")
    assert f"[Прежнее · {SENDER}]\nслова внутри" in mail.text
    assert [file.name for file in mail.files] == ["paper.pdf"]


def test_text_that_is_attached_is_read_too():
    message = letter("во вложении")
    message.add_attachment("история целиком", filename="история.txt")
    assert parse(message.as_bytes()).text == "во вложении\n\n[история.txt]\nистория целиком"


def test_names_of_files_in_every_spelling():
    for value in (
        'filename="=?utf-8?B?0YHQv9GA0LDQstC60LAucGRm?="',
        "filename*=utf-8''%D1%81%D0%BF%D1%80%D0%B0%D0%B2%D0%BA%D0%B0.pdf",
        "filename*0*=utf-8''%D1%81%D0%BF%D1%80; filename*1*=%D0%B0%D0%B2%D0%BA%D0%B0.pdf",
    ):
        mail = parse(
            raw(
                f"From: {SENDER}\nContent-Type: application/pdf\n"
                f"Content-Disposition: attachment; {value}",
                b"%PDF",
            )
        )
        assert [file.name for file in mail.files] == ["справка.pdf"]


def test_a_thousand_files_and_more_are_counted():
    parts = b"".join(
        b"--b\r\nContent-Type: application/pdf; name=%d.pdf\r\n\r\n%%PDF\r\n" % n
        for n in range(2000)
    )
    mail = parse(
        raw(f"From: {SENDER}\nContent-Type: multipart/mixed; boundary=b", parts + b"--b--\r\n")
    )
    assert len(mail.files) + mail.left_out == 2000
    assert len(mail.files) >= 1000


def test_signature_and_small_pictures_of_programs_are_no_files():
    message = letter()
    message.make_mixed()
    message.add_attachment(b"x" * 100, maintype="application", subtype="pkcs7-signature")
    message.add_attachment(
        b"x" * 100, maintype="image", subtype="png", cid="<logo>", disposition="inline"
    )
    assert parse(message.as_bytes()).files == ()


@pytest.mark.parametrize(
    ("headers", "program"),
    [
        ({"Auto_Submitted": "auto-replied (vacation)"}, "reply"),
        ({"Auto_Submitted": "auto-generated"}, "generated"),
        ({"Auto_Submitted": "no"}, ""),
        ({"Precedence": "bulk"}, "list"),
        ({"Precedence": "auto_reply"}, "reply"),
        ({"List_Id": "<news.example.org>"}, "list"),
        ({"Return_Path": "<>"}, "reply"),
        ({"Return_Path": f"<{SENDER}>"}, ""),
        ({"X_Autoreply": "yes"}, "reply"),
    ],
)
def test_letters_of_programs_are_known(headers, program):
    assert parse(letter(**headers).as_bytes()).written_by == program


@pytest.mark.parametrize(
    "head",
    [
        "",
        "From:",
        "From: <>",
        "From: не адрес",
        "From: a@b@c",
        "From: x <y@z",
        "From: <script>@x.ru",
    ],
)
def test_sender_that_nobody_can_write_to_is_none(head):
    assert parse(raw(f"{head}\nSubject: x", b"text")).sender == ""


@pytest.mark.parametrize(
    "charset",
    ["=idna", "=undefined", "=hex", "=rot13", "=mbcs", "=x-user-defined", "*=utf-8''%75%74f-8"],
)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_names_of_charsets_that_break_programs_break_nothing(charset, kind):
    for said in (WORDS.encode(), WORDS.encode("cp1251")):
        mail = parse(raw(f"From: a@b.ru\nContent-Type: text/{kind}; charset{charset}", said))
        assert mail.text == WORDS


@pytest.mark.parametrize("packing", ["zlib", "zip", "bz2"])
def test_packing_that_calls_itself_a_charset_is_not_unpacked(packing):
    bomb = codecs.encode(b"<p>x</p>" * 4_000_000, packing)
    head = f"From: a@b.ru\nContent-Type: text/html; charset={packing}"
    assert len(parse(raw(head, bomb)).text) <= len(bomb)
    assert len(parse(raw(head, bomb[:-9])).text) <= len(bomb)  # cut off, too


@pytest.mark.parametrize(
    ("line", "name", "address"),
    [
        ("anna@mail.ru <anna@mail.ru>", "anna@mail.ru", "anna@mail.ru"),
        ("mama@example.org <zloj@example.com>", "mama@example.org", "zloj@example.com"),
        ('"mama@example.org <mama@example.org>" <zloj@example.com>', None, "zloj@example.com"),
        ("(mama@example.org) zloj@example.com", "mama@example.org", "zloj@example.com"),
        ("=?utf-8?Q?mama@example.org?= <zloj@example.com>", None, "zloj@example.com"),
        ("Анна, мама, 2 детей <anna@mail.ru>", "Анна, мама, 2 детей", "anna@mail.ru"),
        ("Anna [мама] <anna@mail.ru>", "Anna [мама]", "anna@mail.ru"),
        ("Anna @ home <anna@mail.ru>", "Anna @ home", "anna@mail.ru"),
        ("Anna <anna@mail.ru>,", "Anna", "anna@mail.ru"),
        ("Anna; <anna@mail.ru>", "Anna", "anna@mail.ru"),
        ("[mailto:anna@mail.ru]", "", "anna@mail.ru"),
        ("<<anna@mail.ru>>", "", "anna@mail.ru"),
        ('"Anna <anna@mail.ru>', "Anna", "anna@mail.ru"),
        ("Anna Maria anna@mail.ru", "Anna Maria", "anna@mail.ru"),
        ("anna@mail.ru (Анна (мама))", "мама", "anna@mail.ru"),
        ('"Иванова \\"Аня\\"" <anna@mail.ru>', 'Иванова "Аня', "anna@mail.ru"),
        ("anna@mail.ru, oleg@mail.ru", "", ""),
        ("anna@mail.ru <anna@mail.ru> <zloj@example.com>", "", ""),
        ("Семья: anna@mail.ru, oleg@mail.ru;", "", ""),
    ],
)
def test_the_address_is_that_of_the_writer_in_every_python(line, name, address):
    mail = parse(raw(f"From: {line}\nSubject: x", b"text"))
    assert mail.sender == address
    assert name is None or mail.name == name


def test_a_text_cut_in_the_middle_of_a_letter_is_no_gibberish():
    said = "образец " * 20
    for cut in (1, 2, 3):
        assert parse(raw("From: a@b.ru\nContent-Type: text/plain; charset=utf-8", said.strip().encode()[:-cut])).text.startswith("образец образец")  # fmt: skip
    head = base64.b64encode("Просим помочь".encode()[:-1]).decode()
    assert parse(raw(f"Subject: =?utf-8?B?{head}?=", b"text")).subject == "Просим помоч"
    much = ("x" + "ж" * LONGEST_TEXT).encode()  # an odd number of bytes before the cut
    assert set(parse(raw("Content-Type: text/plain; charset=utf-8", much)).text[1:]) == {"ж"}


def test_forged_headers_bring_nothing_into_others():
    mail = parse(
        raw(
            f"From: =?utf-8?Q?a=0D=0ABcc:_x@y.ru?= <{SENDER}>\n"
            "Subject: =?utf-8?Q?one=0Atwo=00?=\nMessage-ID: <a\n b> <c@d>\n"
            "References: <1@x> nonsense <2@x> <1@x>\nIn-Reply-To: <3@x>",
            b"text",
        )
    )
    assert mail.sender == SENDER
    assert "\n" not in mail.name + mail.subject
    assert mail.message_id == "<c@d>"
    assert mail.answers == ("<2@x>", "<1@x>", "<3@x>")


def test_our_own_server_is_believed_when_it_says_forged():
    said = "mx.example.org; spf=fail; dmarc=fail header.from=example.org"
    assert parse(letter(Authentication_Results=said).as_bytes()).is_forged
    assert not parse(letter(Authentication_Results="mx; dmarc=pass").as_bytes()).is_forged


def test_bounce_tells_of_which_letter():
    for headers_only in (False, True):
        mail = parse(bounce("<ours@localhost>", headers_only=headers_only))
        assert mail.bounce.ids[0] == "<ours@localhost>"
        assert (mail.bounce.status, mail.bounce.is_final) == ("5.1.1", True)
    assert not parse(bounce("<ours@localhost>", action="delayed", status="4.4.1")).bounce.is_final


def test_same_letter_has_one_digest_whatever_servers_write_above_it():
    sent = letter().as_bytes()
    assert (
        parse(b"Received: from x\r\nReturn-Path: <a@b.ru>\r\n" + sent).digest == parse(sent).digest
    )
    assert parse(sent + b"!").digest != parse(sent).digest


BROKEN = [
    b"",
    b"\r\n\r\n",
    b"\x00\x01\x02",
    b"From: a@b.ru\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
    b"From: a@b.ru\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b--",
    b"From: a@b.ru\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nnever ended",
    b"From: a@b.ru\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!! not base64 ====",
    b"From: a@b.ru\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\nrubbish\r\nend",
    b"From: a@b.ru\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nRnJvbQ==",
    b"From: a@b.ru\r\nContent-Type: text/html\r\n\r\n<div><p><b>" + b"<i>" * 5000 + b"x",
    b"From: a@b.ru\r\nContent-Type: text/plain; charset*0*=\xff''x\r\n\r\nx",
    b"From: a@b.ru\r\nSubject: =?x?q?=\xff?= =?utf-8?b?!!!?= =?utf-8?z?a?=\r\n\r\nx",
    b"From: a@b.ru\r\nContent-Disposition: attachment; filename*=utf-9''%ff%zz\r\n\r\nx",
    b"From: a@b.ru\r\nMessage-ID: <" + b"x" * 5000 + b">\r\n\r\nx",
    b"From: " + b"a@b.ru, " * 5000 + b"\r\n\r\nx",
    b"From: a@b.ru\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n\x78\x9f\x3e\x22rubbish",
]


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_broken_letters_are_read_as_far_as_they_go(number):
    assert isinstance(parse(BROKEN[number]), Mail)


def test_letters_with_random_bytes_in_them_break_nothing():
    message = letter("текст", files={"a.pdf": b"%PDF-1.4"})
    message.add_alternative("<p>текст</p>", subtype="html") if not message.is_multipart() else None
    message.add_attachment(letter("внутри"))
    whole, dice = message.as_bytes(), random.Random(5)
    for _ in range(400):
        spoiled = bytearray(whole)
        for _ in range(dice.randint(1, 30)):
            place = dice.randrange(len(spoiled))
            spoiled[place : place + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
        mail = parse(bytes(spoiled))
        assert "\x00" not in mail.text + mail.subject + mail.name
        (mail.text + mail.subject + mail.name).encode()
    tell_count("400 letters with random bytes in them were read")


BOMBS = {
    "tags": raw(f"From: {SENDER}\nContent-Type: text/html", b"a<b>" * 500_000),
    "quotes": raw(f"From: {SENDER}\nContent-Type: text/html", b"<blockquote>a" * 100_000),
    "spaces": raw(f"From: {SENDER}", (b" " * 90_000 + b"10:15 x\n") * 2),
    "dashes": raw(f"From: {SENDER}", b"-" * 99_000 + b"\n>x"),
    "arrows": raw(f"From: {SENDER}", b"> x\n" * 25_000),
    "opened": raw(f"From: {SENDER}", b"<a@b.ru> 10:15\n" * 6_000),
    "subject": raw(f"From: {SENDER}\nSubject: " + "=?utf-8?q?a?= " * 100_000, b"x"),
    "people": raw("From: " + "x <a@b>, " * 100_000, b"x"),
    "thread": raw(f"From: {SENDER}\nReferences: " + "<a@b> " * 200_000, b"x"),
    "parts": raw(
        f"From: {SENDER}\nContent-Type: multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * 50_000
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_letters_made_to_take_long_take_seconds(name):
    began = time.process_time()
    without_history(parse(BOMBS[name]).text)
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Новое", "Новое"),
        ("Новое\n\n23.11.2026, 10:15, Портал <a@b.ru> пишет:\n> Старое\n> ещё", "Новое"),
        ("Новое\n\nOn Mon, 23 Nov 2026 at 10:15, Portal\n<a@b.ru> wrote:\n\n> Старое", "Новое"),
        ("Новое\n\n-----Original Message-----\nFrom: a\nSubject: b\n\nСтарое", "Новое"),
        (
            "Новое\n\n________________________________\nОт: Портал <a@b.ru>\nТема: x\n\nСтарое",
            "Новое",
        ),
        ("23.11.2026 10:15 Портал писал:\n> Старое\n\nНовое", "Новое"),
        ("> первый вопрос\nпервый ответ\n> второй вопрос\nвторой ответ", None),
        ("> только цитата", None),
        ("Мама писала:\nприезжайте", None),
        ("вчера в 10:15 мне сосед написал:\nуезжай", None),
        ("Новое\n23.11.2026 10:15 Портал <a@b.ru> пишет:\n> Старое", "Новое"),
        ("", ""),
    ],
)
def test_history_is_cut_off_and_words_of_the_family_never(text, new):
    assert without_history(text) == (text if new is None else new)


def test_html_quotes_are_marked_as_in_plain_letters():
    page = "<div>Новое</div><div class='gmail_quote'>23.11.2026 10:15 Портал &lt;a@b.ru&gt; пишет:<blockquote>Старое<br>ещё</blockquote></div>"
    assert without_history(text_of_html(page)) == "Новое"
