"""Keys of the installation: taken over by a newer one, kept on paper, needed to start."""

from __future__ import annotations

import base64
import io
import os
import random
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings as installation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cms.embedded import PORT
from forms import crypto, drafts, escrow, files, keeping, marks, rehearsal, rotation
from forms.accept import accept
from forms.erasing import erase
from forms.management.commands.print_keys import sheets
from forms.models import (
    BlindMark,
    FormDraft,
    IntakeCase,
    RecoveryCode,
    Submission,
    SubmissionKey,
    UploadedFile,
)
from forms.references import ALPHABET
from tests.cms.test_settings import PRODUCTION, run
from tests.forms.test_ledger import bare_submission
from tests.intake import NAME, PHONE, STORY, FormFactory, make_case, question, step, version_of
from tests.telling import tell_count

ROOT = Path(__file__).resolve().parents[2]
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def text_of(command: str, *args: str, **options) -> str:
    out = io.StringIO()
    call_command(command, *args, stdout=out, **options)
    return out.getvalue()


def production(keys: str) -> dict[str, str]:
    """The environment of a production process on the database of this test."""
    name, folder = connection.settings_dict["NAME"], installation.EMBEDDED.socket_folder
    return {
        **PRODUCTION,
        "DATABASE_URL": f"postgresql://postgres@/{name}?host={folder}&port={PORT}",
        "NAVIGATOR_DATA_KEYS": keys,
    }


@pytest.fixture
def store(settings, tmp_path) -> Path:
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    return settings.NAVIGATOR_PRIVATE_FILES


def begun(version, **posted) -> FormDraft:
    page = drafts.read(drafts.issue(version.pk))
    return keeping.keep(page=page, version=version, step=None, posted=posted or {"a-x": ["1"]})


def with_file() -> Submission:
    """A submission with a paper, through the ways of the portal."""
    form = FormFactory(
        steps=[step("Бумаги", question("file", "papers", most_files=1, most_megabytes=1))]
    )
    version = version_of(form)
    draft = begun(version)
    spec = version.schema["steps"][0]["fields"][0]
    files.take_in(
        draft=draft, path="papers", spec=spec, received=SimpleUploadedFile("справка.pdf", PDF)
    )
    answers = files.uploads_of(draft)
    accept(version=version, answers=answers, idempotency_key=draft.pk)
    return Submission.objects.get(idempotency_key=draft.pk)


# Rotation.


@pytest.mark.django_db
def test_everything_opens_and_is_found_with_the_new_key_alone(settings, store):
    case, paper = make_case(), with_file()
    draft = begun(case.submission.version, **{"a-name": ["не отправлено"]})
    old, new = settings.NAVIGATOR_DATA_KEYS[0], key()
    settings.NAVIGATOR_DATA_KEYS = [new, old]

    told = text_of("rewrap_keys")

    old_name, new_name = (crypto.name_of_key(base64.urlsafe_b64decode(k)) for k in (old, new))
    assert f"Новый ключ: {new_name}" in told
    assert f"Ключ {old_name} можно убрать" in told
    settings.NAVIGATOR_DATA_KEYS = [new]
    assert Submission.objects.get(pk=case.submission_id).read_answers()["name"] == NAME
    assert marks.submissions_with("phone", PHONE).get().pk == case.submission_id
    kept = FormDraft.objects.get(pk=draft.pk)
    assert kept.read_typed()["a-name"] == ["не отправлено"]
    file = UploadedFile.objects.get()
    assert files.content_of(file, Submission.objects.get(pk=paper.pk).data_key)[1] == PDF
    assert set(rotation.hanging()) == {new_name}
    assert set(BlindMark.objects.values_list("key_id", flat=True)) == {new_name}
    assert text_of("rewrap_keys").startswith("На новый ключ переведено: 0.")


@pytest.mark.django_db
def test_rotation_goes_on_where_it_was_broken_off(settings):
    cases = [make_case() for _ in range(5)]
    old, new = settings.NAVIGATOR_DATA_KEYS[0], key()
    settings.NAVIGATOR_DATA_KEYS = [new, old]
    going = rotation.rotate(batch=2)
    next(going)
    going.close()
    hanging = rotation.hanging()
    assert [hanging[name]["submissions"] for name in crypto.installed()] == [2, 3]
    with pytest.raises(CommandError, match=r"убирать нельзя.*обращений: 3, меток обращений: 3"):
        call_command("rewrap_keys", check=True, stdout=io.StringIO())
    assert list(rotation.rotate(batch=2)) == [2, 1]
    settings.NAVIGATOR_DATA_KEYS = [new]
    for case in cases:
        assert Submission.objects.get(pk=case.submission_id).read_answers()["name"] == NAME


@pytest.mark.slow
def test_killed_rotation_leaves_everything_readable_and_is_finished_by_the_next(
    committed_db, settings
):
    cases = [make_case() for _ in range(12)]
    old, new = settings.NAVIGATOR_DATA_KEYS[0], key()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "rewrap_keys", "--batch", "1"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **production(f"{new},{old}")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout.readline().strip() == "Готово: 1".encode()
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()

    settings.NAVIGATOR_DATA_KEYS = [new, old]
    left = SubmissionKey.objects.exclude(wrapped_by=crypto.newest_key_id()).count()
    assert 0 < left < 12
    assert marks.submissions_with("phone", PHONE).count() == 12
    for case in cases:
        assert Submission.objects.get(pk=case.submission_id).read_answers()["phone"] == PHONE
    assert sum(rotation.rotate()) == left
    settings.NAVIGATOR_DATA_KEYS = [new]
    assert marks.submissions_with("phone", PHONE).count() == 12
    tell_count(f"killed with {left} of 12 keys left; all 12 open")


@pytest.mark.django_db
def test_rotation_says_which_key_is_missing(settings):
    make_case()
    [lost] = crypto.installed()
    settings.NAVIGATOR_DATA_KEYS = [key()]
    with pytest.raises(CommandError, match=f"Нет ключа.*{lost}"):
        call_command("rewrap_keys", stdout=io.StringIO())


@pytest.mark.django_db
def test_rotation_marks_what_was_sent_before_there_were_marks(settings):
    case = make_case()
    BlindMark.objects.all().delete()
    SubmissionKey.objects.update(marked_by="")
    assert "Не все обращения помечены" in text_of("rewrap_keys", check=True)
    assert sum(rotation.rotate()) == 1
    assert marks.submissions_with("phone", PHONE).get().pk == case.submission_id


@pytest.mark.django_db
def test_erased_case_is_not_marked_again(settings):
    erase(case=make_case())
    settings.NAVIGATOR_DATA_KEYS = [key(), *settings.NAVIGATOR_DATA_KEYS]
    assert sum(rotation.rotate()) == 0
    assert not BlindMark.objects.exists()


def test_rotation_knows_everything_that_a_key_of_the_installation_wraps():
    wrapped = {
        model
        for model in apps.get_models()
        if "wrapped_by" in {field.name for field in model._meta.get_fields()}
    }
    assert wrapped == set(rotation.WRAPPED.values())


@pytest.mark.django_db
def test_code_for_a_lost_receipt_goes_to_the_new_key(settings):
    code = RecoveryCode(kind="phone", expires_at=timezone.now())
    data_key = crypto.new_key(code.pk)
    code.contact, code.wrapped = data_key.seal("contact", b"x"), crypto.wrap(data_key)
    code.wrapped_by = crypto.newest_key_id()
    code.save()
    settings.NAVIGATOR_DATA_KEYS = [key(), *settings.NAVIGATOR_DATA_KEYS]
    assert sum(rotation.rotate()) == 1
    settings.NAVIGATOR_DATA_KEYS = settings.NAVIGATOR_DATA_KEYS[:1]
    kept = RecoveryCode.objects.get()
    assert kept.data_key.open("contact", kept.contact) == b"x"


# The start.


WEB = ("-c", "import cms.wsgi")
WORKER = ("manage.py", "procrastinate", "worker", "--one-shot")
SERVE = ("manage.py", "serve")


@pytest.mark.slow
@pytest.mark.parametrize("command", [WEB, WORKER, SERVE], ids=["web", "worker", "serve"])
def test_no_process_starts_without_its_keys(committed_db, command):
    make_case()
    [lost] = crypto.installed()
    for keys, problem in (
        ("", "NAVIGATOR_DATA_KEYS is not set"),
        ("не ключ", "key 1 is not base64"),
        (base64.b64encode(b"short").decode(), "key 1 has 5 bytes instead of 32"),
        (key(), f"closed with a key that is not given: {lost}"),
    ):
        told = run(*command, **production(keys))
        assert told.returncode != 0, keys
        assert problem in told.stderr, told.stderr
        if command != WEB:
            assert "Traceback" not in told.stderr


@pytest.mark.slow
def test_processes_start_with_the_key_behind_another(committed_db, settings):
    make_case()
    keys = f"{key()},{settings.NAVIGATOR_DATA_KEYS[0]}"
    for command in (WEB, WORKER):
        told = run(*command, **production(keys))
        assert told.returncode == 0, told.stderr


# Paper.


def test_key_comes_back_from_its_rows_however_they_are_typed():
    chance = random.Random(7)
    cyrillic = str.maketrans("ACEHKMPTXY", "АСЕНКМРТХУ")
    for _ in range(200):
        secret = chance.randbytes(32)
        rows = escrow.rows_of(secret)
        assert len(rows) == escrow.ROWS
        typed = [f" {row.lower().translate(cyrillic)} " for row in rows]
        assert escrow.key_from(typed) == escrow.key_from(rows) == secret
    for extreme in (b"\0" * 32, b"\xff" * 32):
        assert escrow.key_from(escrow.rows_of(extreme)) == extreme


def test_every_slip_in_a_row_is_seen_in_that_row():
    rows = escrow.rows_of(bytes(range(32)))
    tried = 0
    for number, row in enumerate(rows):
        plain = row.replace("-", "")
        wrong = [
            plain[:place] + symbol + plain[place + 1 :]
            for place in range(8)
            for symbol in ALPHABET
            if symbol != plain[place]
        ] + [
            plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
            for place in range(7)
            if plain[place] != plain[place + 1]
        ]
        for slip in [*wrong, plain[:-1], plain + "2", ""]:
            with pytest.raises(escrow.WrongRow) as seen:
                escrow.key_from([*rows[:number], slip, *rows[number + 1 :]])
            assert seen.value.number == number + 1
            tried += 1
    assert tried > 1000
    with pytest.raises(escrow.WrongRow):
        escrow.key_from([rows[1], rows[0], *rows[2:]])  # swapped rows
    with pytest.raises(escrow.WrongRow) as seen:
        escrow.key_from(rows[:-1])
    assert seen.value.number == 9


def test_key_is_typed_back_without_the_portal_and_a_slip_is_asked_again():
    secret = bytes(range(32))
    rows = escrow.rows_of(secret)
    slip = rows[3].replace(rows[3][0], "2" if rows[3][0] != "2" else "3", 1)
    told = subprocess.run(
        [sys.executable, "-m", "forms.escrow"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        input="\n".join([*rows[:3], slip, *rows[3:]]) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout == f"NAVIGATOR_DATA_KEYS={crypto.encoded(secret)}\n"
    assert told.stderr.count("ошибка") == 1
    assert crypto.name_of_key(secret) in told.stderr


def test_sheet_is_written_for_its_owner_only_and_never_over_a_file(tmp_path):
    file = tmp_path / "keys.pdf"
    assert "сотрите" in text_of("print_keys", str(file))
    assert file.read_bytes().startswith(b"%PDF")
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="Не получилось"):
        text_of("print_keys", str(file))


def test_every_key_has_a_page():
    assert sheets({"a" * 16: b"\1" * 32, "b" * 16: b"\2" * 32}).count(b"/Type /Page\n") == 2


# The rehearsed restore.


@pytest.mark.slow
def test_copy_is_restored_opened_and_removed(committed_db, store):
    make_case()
    with_file()
    erased = make_case()
    erase(case=erased)
    told = text_of("rehearse")
    assert "заявок: 3" in told
    assert "Открыто ключом: 2, файлов в них: 1, стёрто раньше: 1." in told
    assert "Копия восстанавливается" in told
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_database where datname like 'rehearsal%'")
        assert cursor.fetchone() == (0,)
    assert list(Path(installation.NAVIGATOR_HOME).glob("tmp*")) == []
    assert IntakeCase.objects.count() == 3  # we talk to our own database again


@pytest.mark.slow
def test_bad_copy_is_told(committed_db, store, settings, tmp_path):
    case = make_case()
    paper = with_file()
    files.place_of(UploadedFile.objects.get().pk).unlink()
    with pytest.raises(CommandError, match=f"изъянами:\n{paper.case.number}.*No such file"):
        text_of("rehearse")
    settings.NAVIGATOR_DATA_KEYS = [key()]
    with pytest.raises(CommandError, match=case.number):
        text_of("rehearse")
    nothing = tmp_path / "nothing.dump"
    nothing.write_bytes(b"not a dump")
    with pytest.raises(CommandError, match="не удалось восстановить"):
        text_of("rehearse", dump=nothing)


@pytest.mark.slow
def test_copy_in_which_a_case_is_missing_is_told(committed_db, store):
    submission = bare_submission()
    with pytest.raises(CommandError, match=f"изъянами:\nзаявка {submission.pk}: нет обращения"):
        text_of("rehearse")


@pytest.mark.slow
def test_dump_holds_neither_keys_nor_what_families_wrote(committed_db, tmp_path):
    submission = make_case().submission
    file = tmp_path / "plain.sql"
    rehearsal.dump(file, form="plain")
    plain = file.read_bytes()
    assert submission.case.ref.encode() in plain  # it is the dump of this very database
    planted = [NAME.encode(), PHONE.encode(), PHONE[2:].encode(), STORY.encode()]
    for secret in (*crypto.installed().values(), submission.data_key.secret):
        planted += [
            secret,
            secret.hex().encode(),
            base64.b64encode(secret).rstrip(b"="),
            base64.urlsafe_b64encode(secret).rstrip(b"="),
        ]
    for secret in crypto.derived_keys(marks.PURPOSE).values():
        planted += [secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")]
    assert [each for each in planted if each in plain] == []
