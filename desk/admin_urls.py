"""Addresses of the desk, under /admin/intake/; those of the floor below stand beside them."""

from __future__ import annotations

from django.urls import path

from desk.views import case, diagnosis, inbox, letters, mailboxes, referrals, registering, routes
from desk.views.cases import cases
from forms import admin_urls as forms

app_name = "intake"
urlpatterns = [
    path("", cases, name="list"),
    path("new/", registering.choose, name="new"),
    path("new/begun/<str:ref>/", registering.begun, name="new_begun"),
    path("new/begun/<str:ref>/drop/", registering.throw_away, name="new_drop"),
    path("new/done/<str:ref>/", registering.registered, name="registered"),
    path("new/done/<str:ref>/sheet/", registering.sheet, name="registered_sheet"),
    path("new/form/<slug:slug>/", registering.register, name="new_form"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/take/", case.take, name="take"),
    path("<int:pk>/move/", case.move, name="move"),
    path("<int:pk>/note/", case.note, name="note"),
    path("<int:pk>/registers/<slug:slug>/", case.register, name="register"),
    path("<int:pk>/diagnosis/", diagnosis.diagnosis, name="diagnosis"),
    path("<int:pk>/diagnosis/<uuid:diagnosis>/", diagnosis.diagnosed, name="diagnosed"),
    path("<int:pk>/urgent-help/", diagnosis.urgent_help, name="urgent_help"),
    path("<int:pk>/urgent-help/<uuid:given>/", diagnosis.urgent_helped, name="urgent_helped"),
    path("<int:pk>/urgent-help/<uuid:given>/act.pdf", diagnosis.urgent_act, name="urgent_act"),
    path("routes/", routes.routes, name="routes"),
    path("routes/new/", routes.route, name="route_new"),
    path("routes/<int:pk>/", routes.route, name="route"),
    path("routes/<int:pk>/off/", routes.switch, name="route_off"),
    path("routes/<int:pk>/delete/", routes.delete, name="route_delete"),
    path("<int:pk>/refer/", referrals.refer, name="refer"),
    path("<int:pk>/referrals/<uuid:referral>/", referrals.referral, name="referral"),
    path("<int:pk>/referrals/<uuid:referral>/recall/", referrals.recall, name="recall"),
    path("<int:pk>/routes/", referrals.choose_route, name="choose_route"),
    path("<int:pk>/routes/<int:route>/drop/", referrals.drop_route, name="drop_route"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<uuid:referral>/", inbox.inbox_referral, name="inbox_referral"),
    path("inbox/<uuid:referral>/files/<uuid:file>/", inbox.inbox_file, name="inbox_file"),
    path("mail/", letters.letters, name="letters"),
    path("mail/<uuid:letter>/", letters.decide, name="letter"),
    path("mailboxes/", mailboxes.mailboxes, name="mailboxes"),
    path("mailboxes/new/", mailboxes.mailbox, name="new_mailbox"),
    path("mailboxes/<uuid:mailbox>/", mailboxes.mailbox, name="mailbox"),
    path("mailboxes/<uuid:mailbox>/check/", mailboxes.check_mailbox, name="check_mailbox"),
    *forms.urlpatterns,
]
