"""Public addresses of the desk: for partners without an account."""

from __future__ import annotations

from django.urls import path

from desk.views import partner_link

app_name = "intake_desk"
urlpatterns = [
    path("partner/open/", partner_link.enter, name="partner_enter"),
    path("partner/leave/", partner_link.leave, name="partner_leave"),
    path("partner/packets/<uuid:referral>/", partner_link.packet, name="partner_packet"),
    path(
        "partner/packets/<uuid:referral>/files/<uuid:file>/",
        partner_link.packet_file,
        name="partner_file",
    ),
    path("partner/<slug:token>/", partner_link.link, name="partner_link"),
]
