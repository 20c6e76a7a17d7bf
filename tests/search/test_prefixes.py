"""What mothers begin to type, over the whole data set, and what has to be among the first three."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

from search import known_names
from search.indexer import rebuild
from search.suggesting import suggest

pytestmark = pytest.mark.slow

FIRST = 3  # of each kind: situations stand before measures, measures before providers
TYPED = {
    "матк": ["materinskij-kapital"],
    "маткапитал": ["materinskij-kapital"],
    "мат кап": ["materinskij-kapital"],
    "мск": ["materinskij-kapital"],
    "маткапитал на": ["materinskij-kapital", "matkapital-rebenok-invalid"],
    "материнский капитал на ж": ["matkapital-zhile"],
    "посо": ["edinoe-posobie-na-rebenka", "posobie-po-uhodu-do-1-5"],
    "пособие на": ["edinoe-posobie-na-rebenka"],
    "пособие по": ["posobie-po-uhodu-do-1-5", "posobie-po-beremennosti-i-rodam"],
    "пособие по бер": ["posobie-po-beremennosti-i-rodam"],
    "пособие до 1.5": ["posobie-po-uhodu-do-1-5"],
    "путин": ["edinoe-posobie-na-rebenka"],
    "един": ["edinoe-posobie-na-rebenka"],
    "единовр": ["edinovremennoe-posobie-pri-rozhdenii"],
    "дет": ["edinoe-posobie-na-rebenka"],
    "детс": ["edinoe-posobie-na-rebenka", "shkola-i-detskij-sad"],
    "детский с": ["osvobozhdenie-ot-platy-za-sad", "shkola-i-detskij-sad"],
    "садик": ["shkola-i-detskij-sad", "kompensaciya-platy-za-sad"],
    "компенсация за с": ["kompensaciya-platy-za-sad"],
    "ежем": ["matkapital-ezhemesyachnaya-vyplata"],
    "ежемесячная вып": ["matkapital-ezhemesyachnaya-vyplata"],
    "многод": ["mnogodetnaya-semya", "status-mnogodetnoj"],
    "удостов": ["status-mnogodetnoj"],
    "ипот": ["semejnaya-ipoteka", "zhile-dlya-semi"],
    "450": ["ipoteka-450-mnogodetnym"],
    "бесплатное пит": ["goryachee-pitanie-1-4", "lo-shkolnoe-pitanie"],
    "бесплатные лек": ["besplatnye-lekarstva"],
    "родила": ["rozhdenie-rebenka", "edinovremennoe-posobie-pri-rozhdenii"],
    "родов": ["rodovoj-sertifikat"],
    "беремен": ["beremennost"],
    "пособие беремен": ["edinoe-posobie-beremennoj", "posobie-po-beremennosti-i-rodam"],
    "декр": ["otpusk-po-uhodu", "posobie-po-beremennosti-i-rodam"],
    "инвал": ["rebenok-s-invalidnostyu", "ustanovlenie-invalidnosti"],
    "коляс": ["tsr-elektronnyj-sertifikat"],
    "опек": ["zameschayuschaya-semya", "soderzhanie-podopechnogo"],
    "алим": ["razvod-i-alimenty", "alimenty"],
    "развод": ["razvod-i-alimenty"],
    "школьн": ["shkola-i-detskij-sad", "goryachee-pitanie-1-4"],
    "школьная ф": ["lo-shkolnaya-vyplata"],
    "лагерь": ["letnij-otdyh", "lo-lager"],
    "соцконтр": ["sockontrakt-biznes", "sockontrakt-poisk-raboty"],
    "соц конт": ["sockontrakt-biznes"],
    "роддом": ["rodovoj-sertifikat", "risk-otkaza"],
    "молочн кухн": ["goryachee-pitanie-1-4"],
    "жкх": ["subsidiya-zhku"],
    "коммунал": ["subsidiya-zhku"],
    "квота": ["osobaya-kvota-vuz"],
    "пушк": ["pushkinskaya-karta"],
    "снимаем": ["zhile-dlya-semi", "lo-arenda"],
    "земл": ["zemlya-mnogodetnym"],
    "налоговый в": ["vychet-na-detej"],
    "возврат ндфл": ["ezhegodnaya-semejnaya-vyplata"],
    "телефон дов": ["detskij-telefon-doveriya"],
    "психол": ["irk-psiholog"],
    "юрист": ["besplatnaya-yurpomosch"],
    "муж бь": ["domashnee-nasilie", "zaschita-ot-nasiliya"],
    "сво": ["semya-uchastnika-svo"],
    "сирот": ["vypusknik-detskogo-doma"],
    "погорел": ["pozhar-i-pech"],
    "дрова": ["pozhar-i-pech", "n47-teplyj-dom"],
    "мфц": ["mfc"],
    "соцзащ": ["soczaschita"],
    "опека тих": ["opeka-tihvin"],
    # typed in the wrong layout, by ear, or with a slip in a word that is not finished
    "vfnrfg": ["materinskij-kapital"],
    "gjcj,": ["edinoe-posobie-na-rebenka"],
    "fkbv": ["alimenty"],
    "posob": ["edinoe-posobie-na-rebenka"],
    "matkap": ["materinskij-kapital"],
    "пасоби": ["edinoe-posobie-na-rebenka"],
    "посбие на": ["edinoe-posobie-na-rebenka"],
    "матиринск": ["materinskij-kapital"],
    "матернис": ["materinskij-kapital"],
    "многадет": ["mnogodetnaya-semya"],
    "алемен": ["alimenty"],
    "ипатек": ["semejnaya-ipoteka"],
    "инволид": ["rebenok-s-invalidnostyu"],
    "соцкантр": ["sockontrakt-biznes"],
    "беримен": ["beremennost"],
    "субсидея": ["subsidiya-zhku"],
}
NOT_OURS = ["борщ", "погода на з", "купить айф", "gjujlf yf pfd", "ыъьщ", "qzqz"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("prefixes") / "index"


@pytest.fixture(scope="module")
def built(loaded_module, folder):
    from search.embedded import EmbeddedEngine

    rebuild(EmbeddedEngine(folder))


@pytest.fixture(autouse=True)
def portal(built, folder, settings, monkeypatch):
    settings.NAVIGATOR_SEARCH_INDEX = folder
    monkeypatch.setattr(known_names, "_kept", None)


@pytest.fixture
def first():
    def slugs(typed, **asked):
        seen = {}
        for each in suggest(typed, **asked).found:
            seen.setdefault(each.kind, []).append(each.slug)
        return [slug for kind in seen.values() for slug in kind[:FIRST]]

    return slugs


def test_what_families_begin_to_type_is_offered_first(first):
    missed = {
        typed: found
        for typed, wanted in TYPED.items()
        if not set(wanted) <= set(found := first(typed))
    }
    assert missed == {}, missed


def test_the_main_measure_stands_before_those_made_of_it(first):
    for typed in ("матк", "мат кап", "материнск", "vfnrfgbn"):
        assert first(typed)[0] == "materinskij-kapital"


def test_each_letter_more_keeps_what_was_found(first):
    for name, slug in (("маткапитал", "materinskij-kapital"), ("алименты", "alimenty")):
        assert all(slug in first(name[:length]) for length in range(4, len(name) + 1))


def test_a_region_has_its_own_and_not_what_others_have(first):
    assert first("маткап", territory="leningradskaya-oblast")[0] == "materinskij-kapital"
    everywhere = {each.slug for each in suggest("областной мат").found}
    here = {each.slug for each in suggest("областной мат", "leningradskaya-oblast").found}
    assert {"lo-matkapital-1-2", "irk-matkapital", "sv-matkapital"} <= everywhere
    assert here == {"lo-matkapital-1-2"}


def test_what_is_not_ours_is_offered_nothing():
    assert {typed: found for typed in NOT_OURS if (found := suggest(typed).found)} == {}


def test_the_first_suggestions_of_a_process_need_no_morphology(folder, built):
    """It takes a fifth of a second and 30 MB, and comes with the first search."""
    from django.db import connection

    code = (
        "import sys, django; django.setup();"
        "from django.db import connection; connection.settings_dict['NAME'] = sys.argv[1];"
        "from django.conf import settings; from pathlib import Path;"
        "settings.NAVIGATOR_SEARCH_INDEX = Path(sys.argv[2]);"
        "from search.suggesting import suggest;"
        "assert all(suggest(text).found for text in ['матк', 'vfnrfg', 'пасоби']);"
        "assert 'pymorphy3' not in sys.modules;"
        "suggest('пособия для единовременного'); assert 'pymorphy3' in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code, connection.settings_dict["NAME"], str(folder)],
        check=True,
        cwd=settings.BASE_DIR,
        timeout=60,
    )
