"""What other floors and other systems get of forms."""

from __future__ import annotations

import pytest

from catalogue.slots import links_to_apply, links_to_ask
from tests.factories import MeasureFactory
from tests.intake import FormFactory, version_of

pytestmark = pytest.mark.django_db


def test_measure_offers_its_forms_and_then_the_general_question(django_assert_num_queries):
    measure = MeasureFactory(slug="posobie")
    general = FormFactory(slug="vopros", offered_everywhere=True)
    own = FormFactory(slug="zayavka", title="Заявка")
    own.measures.add(measure)
    own.save()
    FormFactory()
    draft = FormFactory(published=False, offered_everywhere=True)
    with django_assert_num_queries(1):
        links = links_to_apply(measure)
    assert [link.url for link in links] == ["/forms/zayavka/", "/forms/vopros/?measure=posobie"]
    assert "Заявка" in links[0].title
    assert links_to_apply(MeasureFactory())[0].url.startswith("/forms/vopros/")
    assert [link.url for link in links_to_ask()] == [general.get_absolute_url()]
    assert draft.get_absolute_url() not in str(links)


def test_api_gives_the_version_in_force(client):
    form = FormFactory(slug="vopros")
    form.title = "Черновик, которого никто не видел"
    form.save_revision()
    answer = client.get("/api/v1/forms/vopros")
    assert answer.status_code == 200
    document = answer.json()
    version = version_of(form)
    assert document["number"] == version.number
    assert document["sha256"] == version.sha256
    assert document["questions"]["steps"] == version.schema["steps"]
    assert document["consent"] == version.consent_text.body
    assert "Черновик" not in answer.content.decode()


@pytest.mark.parametrize("slug", ["nothing", "chernovik", "%00", "a" * 500])
def test_api_tells_that_there_is_no_such_form(client, slug):
    FormFactory(slug="chernovik", published=False)
    answer = client.get(f"/api/v1/forms/{slug}")
    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_api_takes_no_other_method(client):
    FormFactory(slug="vopros")
    assert client.post("/api/v1/forms/vopros", {}).status_code == 405
