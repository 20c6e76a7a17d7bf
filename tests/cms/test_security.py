"""What every answer carries and every request passes, whichever part of the portal answers."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from wagtail.models import Page

from cms.models import PortalImage
from cms.security import address_of
from content.models import SectionPage
from tests.factories import UserFactory

POLICY = "Content-Security-Policy"
MEGABYTE = 1024 * 1024


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/nowhere/",
        "/nowhere",  # a slash is added
        "/api/v1/nowhere",
        "/api/v1/situations",
        "/static/nowhere.css",
        "/admin/login/",
        "/status/",
    ],
)
def test_every_answer_has_a_content_policy(client, address):
    answer = client.get(address)
    assert "'unsafe" not in answer[POLICY] or address.startswith("/admin/")
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_refused_host_is_answered_with_a_content_policy(client, settings):
    settings.ALLOWED_HOSTS = ["portal.example"]
    answer = client.get("/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "script-src 'self'" in answer[POLICY]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/status/", "/nowhere/", "/"])
def test_families_send_no_large_bodies(client, address):
    answer = client.post(
        address, b"x" * (MEGABYTE + 1), content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413
    assert "больше, чем мы можем принять" in answer.content.decode()


def test_a_large_body_for_the_api_is_refused_in_json(client):
    answer = client.post("/api/v1/x", b"x" * (MEGABYTE + 1), content_type="application/json")
    assert answer.status_code == 413
    assert answer.json()["detail"]


@pytest.mark.django_db
def test_staff_send_larger_bodies_up_to_a_limit(client, settings):
    settings.NAVIGATOR_LARGEST_BODY_OF_STAFF = 2 * MEGABYTE

    def send(size):
        return client.post("/admin/login/", {"file": SimpleUploadedFile("a", b"x" * size)})

    assert send(MEGABYTE + 1).status_code == 200
    assert send(2 * MEGABYTE).status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "9" * 40])
@pytest.mark.django_db
def test_a_length_that_is_no_length_is_refused(client, length):
    assert client.post("/status/", {}, CONTENT_LENGTH=length).status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
def test_pages_are_only_read(client, method):
    page = SectionPage(title="Раздел", slug="section")
    Page.objects.get(depth=2).add_child(instance=page)
    assert client.get(page.url).status_code == 200
    assert getattr(client, method)(page.url).status_code == 405


@pytest.mark.django_db
def test_there_is_no_login_for_families(client):
    assert client.get("/_util/login/").status_code == 404


@pytest.mark.django_db
def test_pictures_are_served_and_nothing_beside_them(client, settings):
    picture = settings.MEDIA_ROOT / "images" / "test-picture.png"
    beside = settings.MEDIA_ROOT / "original_images" / "test-picture.png"
    for path in (picture, beside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"png")
    try:
        shown = client.get("/media/images/test-picture.png")
        assert shown.status_code == 200
        assert shown["Content-Type"] == "image/png"
        assert b"".join(shown.streaming_content) == b"png"
        for way in ("../original_images/test-picture.png", "", "nothing.png", "%00"):
            assert client.get(f"/media/images/{way}").status_code in {400, 404}
        assert client.get("/media/original_images/test-picture.png", follow=True).status_code == 404
    finally:
        picture.unlink()
        beside.unlink()


@pytest.mark.django_db
def test_too_many_wrong_passwords_are_told_in_russian_and_only_from_there(client, settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 2
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    person = UserFactory(is_staff=True)

    def attempt(address):
        return client.post(
            "/admin/login/",
            {"username": person.username, "password": "wrong"},
            HTTP_X_FORWARDED_FOR=f"10.0.0.1, {address}",
        )

    assert attempt("1.1.1.1").status_code == 200
    locked = attempt("1.1.1.1")
    assert locked.status_code == 429
    assert "Слишком много попыток" in locked.content.decode()
    assert attempt("2.2.2.2").status_code == 200


def test_only_our_own_proxy_is_believed(settings):
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="6.6.6.6", REMOTE_ADDR="1.1.1.1")
    settings.SECURE_PROXY_SSL_HEADER = None
    assert address_of(request) == "1.1.1.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert address_of(request) == "6.6.6.6"


def test_originals_lie_beside_what_is_served():
    assert PortalImage().get_upload_to("a.png").startswith("original_images/")
