"""The builder in a real browser: copies keep apart, ready blocks go in, rules are read back."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext

from cms.access import Role
from cms.loading import Report
from forms.loading import _load_ready, _ready_rows
from forms.models import FormDefinition
from tests.browser import open_menu, violations
from tests.factories import UserFactory
from tests.intake import FormFactory, compare, question, rows, simple_steps, step, version_of

pytestmark = pytest.mark.browser

PASSWORD = "образец-пароля-для-проверки"


@pytest.fixture
def builder(browser_page, live_portal, settings):
    """Opens the builder on a draft of a form, as a chief editor."""
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0
    report = Report()
    for place, row in enumerate(_ready_rows("", report)):
        _load_ready(row, place, report)
    user = UserFactory(username="glavred", role=Role.CHIEF_EDITOR)
    user.set_password(PASSWORD)
    user.save()

    def open_builder(form):
        edit = f"/admin/snippets/intake_forms/formdefinition/edit/{form.pk}/"
        page = browser_page(f"/admin/login/?next={edit}", height=1600)
        page.fill("[name=username]", "glavred")
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.locator(".form-question").first.wait_for()
        return page

    return open_builder
