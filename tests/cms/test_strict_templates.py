"""The tests' own guard: undefined variables in our templates fail."""

from pathlib import Path

import pytest
from django.template import engines

from tests.strict_templates import UndefinedVariable

THEMES = Path(__file__).resolve().parents[2] / "themes" / "templates"


@pytest.fixture
def template_of_ours(request):
    path = THEMES / f"{request.node.name}.html"  # loaders cache by name
    yield path
    path.unlink(missing_ok=True)


def test_undefined_variable_in_our_template_fails(template_of_ours):
    template_of_ours.write_text("<p>{{ nobody.gave.this }}</p>")
    with pytest.raises(UndefinedVariable, match="nobody"):
        engines["django"].get_template(template_of_ours.name).render({})


def test_question_whether_a_variable_is_there_is_allowed(template_of_ours):
    template_of_ours.write_text("{% if nobody %}x{% else %}y{% endif %}")
    assert engines["django"].get_template(template_of_ours.name).render({}) == "y"


def test_filters_of_libraries_go_on_with_an_undefined_variable():
    template = engines["django"].from_string("{{ nobody|default:'plus' }}")
    assert template.render({}) == "plus"


def test_guard_stays_when_a_test_changes_what_engines_are_built_from(template_of_ours, settings):
    settings.DEBUG = True
    settings.DEBUG = False
    template_of_ours.write_text("<p>{{ nobody.gave.this }}</p>")
    with pytest.raises(UndefinedVariable, match="nobody"):
        engines["django"].get_template(template_of_ours.name).render({})
