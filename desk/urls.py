"""Public addresses of the desk: appointments of families, partners without an account."""

from __future__ import annotations

from django.urls import path

from desk.views import own_appointments as own
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
    path("status/<str:ref>/appointments/", own.appointments, name="appointments"),
    path("status/<str:ref>/appointments/new/<int:kind>/", own.times, name="free_times"),
    path("status/<str:ref>/appointments/<uuid:booking>/", own.appointment, name="appointment"),
    path("status/<str:ref>/appointments/<uuid:booking>/move/", own.move, name="move_appointment"),
    path(
        "status/<str:ref>/appointments/<uuid:booking>/appointment.ics",
        own.calendar,
        name="appointment_file",
    ),
]
