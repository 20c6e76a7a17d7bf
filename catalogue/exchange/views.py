"""The page «Exchange» of the back office: export, check of a file, its differences, loading."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from catalogue.exchange import files, importing
from catalogue.exchange.resources import EXCHANGES
from catalogue.models import ImportBatch
from catalogue.models.exchange import ExchangeKind

SHOWN_BATCHES = 10


def may_exchange(user: Any) -> bool:
    return bool(user.has_perm("catalogue.add_importbatch"))


class Exchanging(WagtailAdminTemplateMixin):
    """What every page of the exchange shares: who may open it, and where it stands."""

    header_icon = "table"
    page_title = gettext_lazy("Exchange")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not may_exchange(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("catalogue_exchange:index"), "label": _("Exchange")},
        ]


class UploadForm(forms.Form):
    """A file to bring in."""

    kind = forms.ChoiceField(label=gettext_lazy("What is in the file"), choices=ExchangeKind)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("XLSX or CSV, up to 5 MB and 1000 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        self.format = PurePath(file.name).suffix.lstrip(".").lower()
        if self.format not in files.FORMATS:
            raise forms.ValidationError(_("Only XLSX and CSV can be brought in."))
        if file.size > files.MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB. Cut it into parts."))
        return file


class ExchangeView(Exchanging, FormView):
    """Export, and the form for a file; a file that is fine leads to what it would change."""

    template_name = "catalogue/admin/exchange/index.html"
    form_class = UploadForm

    def form_valid(self, form: UploadForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        try:
            batch = importing.check(
                content=file.read(),
                file_name=file.name,
                file_format=form.format,
                kind=form.cleaned_data["kind"],
                user=self.request.user,
            )
        except files.FileRefused as refusal:
            form.add_error("file", str(refusal))
            return self.form_invalid(form)
        return redirect("catalogue_exchange:batch", batch.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        batches = ImportBatch.objects.visible_to(self.request.user).select_related("user")
        return super().get_context_data(
            kinds=ExchangeKind.choices,
            formats=list(files.FORMATS),
            batches=batches.defer("report")[:SHOWN_BATCHES],
            **kwargs,
        )


class ExportView(View):
    """A table with everything that this person may see."""

    def get(self, request: HttpRequest, kind: str, file_format: str) -> HttpResponse:
        if not may_exchange(request.user) or kind not in EXCHANGES:
            raise Http404
        if file_format not in files.FORMATS:
            raise Http404
        table = EXCHANGES[kind](request.user).export()
        try:
            content = files.write(table, file_format)
        except files.FileRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("catalogue_exchange:index")
        name = f"{kind}-{timezone.localdate():%Y-%m-%d}.{file_format}"
        return HttpResponse(
            content,
            content_type=files.FORMATS[file_format],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class BatchView(Exchanging, TemplateView):
    """What a file would change, or has changed."""

    template_name = "catalogue/admin/exchange/batch.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(batch=self.batch, **kwargs)

    @cached_property
    def batch(self) -> ImportBatch:
        rows = ImportBatch.objects.visible_to(self.request.user)
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        return str(self.batch)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Load what was checked. Only who brought the file does: it is loaded in that name."""
        batch = get_object_or_404(ImportBatch, pk=self.kwargs["pk"], user=request.user)
        try:
            importing.start(batch)
        except importing.BatchClosed:
            messages.error(request, _("This file cannot be loaded again. Bring it in anew."))
        return redirect("catalogue_exchange:batch", batch.pk)
