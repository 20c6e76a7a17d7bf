"""Forms as files: there and back, copies, and what is no form."""

from __future__ import annotations

import contextlib
import json
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.compiling import compile_form
from forms.models import FormDefinition, Topic
from forms.portable import LARGEST, NotAForm, as_file, from_file
from tests.factories import MeasureFactory, ProviderFactory
from tests.intake import FormFactory, family_steps, question, simple_steps, step

pytestmark = pytest.mark.django_db

# Without what belongs to an installation.
HERE = ("slug", "topic")


def questions_of(form):
    return {name: value for name, value in compile_form(form).items() if name not in HERE}


def test_form_goes_to_an_empty_installation_and_back():
    form = FormFactory(slug="deti", title="Дети", urgent=True, minutes=7, steps=family_steps())
    before, file = questions_of(form), as_file(form)
    FormDefinition.objects.filter(pk=form.pk).update(slug="staraya")
    arrived = from_file(file.encode())
    assert arrived.missing == []
    assert arrived.definition.slug == "deti"
    assert not arrived.definition.live
    assert questions_of(arrived.definition) == before
    arrived.definition.get_latest_revision().publish()
    assert arrived.definition.versions.get().schema["title"] == "Дети"
    again = as_file(arrived.definition)
    FormDefinition.objects.filter(slug="deti").update(slug="vtoraya")
    assert as_file(from_file(again.encode()).definition) == again


def test_copy_gets_a_short_name_of_its_own():
    form = FormFactory(slug="vopros")
    first, second = from_file(as_file(form).encode()), from_file(as_file(form).encode())
    assert [first.definition.slug, second.definition.slug] == ["vopros-2", "vopros-3"]
    assert first.definition.topic == form.topic
    assert not FormDefinition.objects.public().filter(pk=first.definition.pk).exists()


def test_measures_and_centres_are_found_by_their_short_names():
    form = FormFactory()
    form.measures.set([MeasureFactory(slug="est"), MeasureFactory(slug="net")])
    form.centres.set([ProviderFactory(slug="centr", centre=True)])
    form.save()
    file = as_file(form).replace('"net"', '"nigde"')
    arrived = from_file(file.encode())
    assert [measure.slug for measure in arrived.definition.measures.all()] == ["est"]
    assert [centre.slug for centre in arrived.definition.centres.all()] == ["centr"]
    assert arrived.missing == ["nigde"]


def test_topic_that_is_not_there_comes_with_the_form():
    form = FormFactory()
    file = json.loads(as_file(form))
    file["topic"] = {"slug": "novaya", "title": "Новая тема", "answer_days": 5}
    arrived = from_file(json.dumps(file).encode())
    assert arrived.definition.topic == Topic.objects.get(slug="novaya", answer_days=5)


def test_unfinished_form_can_be_carried():
    form = FormFactory(published=False, steps=[step("Шаг", question("text", "", label=""))])
    assert not from_file(as_file(form).encode()).definition.live


def changed(**parts):
    form = FormFactory()
    return json.dumps(json.loads(as_file(form)) | parts).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"kind": "form"}' + b" " * LARGEST,
    ],
)
def test_what_is_no_form_is_refused(raw):
    with pytest.raises(NotAForm):
        from_file(raw)
    assert not FormDefinition.objects.exists()


@pytest.mark.parametrize(
    "parts",
    [
        {"slug": "../etc"},
        {"title": ""},
        {"minutes": 0},
        {"minutes": "3"},
        {"live": True},
        {"file_format": 99},
        {"steps": [{"type": "step", "value": {"title": "x" * 300, "fields": []}}]},
        {"steps": [{"type": "script", "value": "alert(1)"}]},
        {"steps": [{"type": "step", "value": "text"}]},
        {"steps": [{"type": "step", "value": {"title": "Шаг", "fields": "text"}}]},
        {"steps": [{}]},
    ],
)
def test_what_is_wrong_in_a_file_is_told_and_nothing_is_made(parts):
    raw = changed(**parts)
    with pytest.raises(NotAForm):
        from_file(raw)
    assert FormDefinition.objects.count() == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(kind=st.sampled_from(["text", "choice", "repeat", "calc", "number"]), value=JSON)
def test_no_file_breaks_the_import(kind, value):
    raw = changed(
        steps=[
            {"type": "step", "value": {"title": "Ш", "fields": [{"type": kind, "value": value}]}}
        ]
    )
    with contextlib.suppress(NotAForm):
        compile_form(from_file(raw).definition, strict=False)


def same_steps(steps):
    steps[1]["id"] = steps[0]["id"]


def same_blocks(steps):
    for each in (asked for one in steps for asked in one["value"]["fields"]):
        each["id"] = steps[0]["id"]


@pytest.mark.parametrize("change", [same_steps, same_blocks])
@pytest.mark.parametrize("odd", ["", "check", "<b>", "x" * 5000, "Не тот вид"])
def test_steps_and_blocks_get_ids_of_their_own(change, odd):
    file = json.loads(as_file(FormFactory(steps=simple_steps())))
    file["steps"][0]["id"] = odd
    change(file["steps"])
    arrived = from_file(json.dumps(file).encode()).definition
    arrived.get_latest_revision().publish()
    ids = [one["id"] for one in arrived.versions.get().schema["steps"]]
    draft = arrived.get_latest_revision_as_object()
    ids += [block.id for one in draft.steps for block in one.value["fields"]]
    assert len(set(ids)) == len(ids)
    assert all(str(uuid.UUID(one)) == one for one in ids)
    assert [one.id for one in draft.steps] == ids[:2]
