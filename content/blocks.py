"""The blocks that editors build pages from."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

from content.hotlines import published_groups

RICH = ["bold", "ol", "ul", "link", "document-link"]
is_phone = RegexValidator(r"\d{2}", _("A phone needs digits. Example: 8 921 123-45-67."))


class PhoneBlock(blocks.StructBlock):
    """A phone to call at once."""

    title = blocks.CharBlock(label=_("who answers"), max_length=120)
    phone = blocks.CharBlock(label=_("phone"), max_length=40, validators=[is_phone])
    note = blocks.CharBlock(
        label=_("note"),
        required=False,
        max_length=200,
        help_text=_("Hours, what it costs, for whom."),
    )

    class Meta:
        icon = "comment"
        label = _("phone")


class StepBlock(blocks.StructBlock):
    """A step of a story: what to do, where, and the measures that help."""

    what = blocks.CharBlock(
        label=_("what to do"), max_length=200, help_text=_("Begin with a verb: apply, call, ask.")
    )
    where = blocks.CharBlock(label=_("where it is done"), required=False, max_length=200)
    text = blocks.RichTextBlock(label=_("in detail"), required=False, features=RICH)
    measures = blocks.ListBlock(
        SnippetChooserBlock("catalogue.Measure"),
        label=_("measures"),
        default=[],
        help_text=_("Only published measures are shown; those of the family's district first."),
    )

    class Meta:
        icon = "list-ol"
        label = _("step")


class SituationLinkBlock(blocks.StructBlock):
    """A situation on the home page, in short words."""

    page = blocks.PageChooserBlock("content.LifeSituationPage", label=_("life situation"))
    words = blocks.CharBlock(
        label=_("short words"),
        required=False,
        max_length=80,
        help_text=_("Shown instead of the title of the page."),
    )

    class Meta:
        icon = "link"
        label = _("life situation")


class GroupOfSituationsBlock(blocks.StructBlock):
    """Situations of one sort in the list of all."""

    title = blocks.CharBlock(label=_("name of the group"), max_length=120)
    pages = blocks.ListBlock(
        blocks.PageChooserBlock("content.LifeSituationPage"), label=_("life situations")
    )

    class Meta:
        icon = "folder-open-inverse"
        label = _("group")


class NoticeBlock(blocks.StructBlock):
    """Something not to be missed."""

    kind = blocks.ChoiceBlock(
        label=_("kind"),
        choices=[
            ("info", _("good to know")),
            ("warning", _("mind this")),
            ("urgent", _("it is urgent")),
            ("success", _("good news")),
        ],
        default="info",
    )
    title = blocks.CharBlock(label=_("title"), required=False, max_length=120)
    text = blocks.TextBlock(label=_("text"), max_length=600)

    class Meta:
        icon = "warning"
        label = _("notice")
        template = "content/blocks/notice.html"


class ContactBlock(blocks.StructBlock):
    """Where to go and whom to call."""

    title = blocks.CharBlock(label=_("name"), max_length=200)
    address = blocks.CharBlock(label=_("address"), required=False, max_length=300)
    phones = blocks.ListBlock(
        blocks.CharBlock(max_length=40, validators=[is_phone]), label=_("phones"), default=[]
    )
    hours = blocks.CharBlock(label=_("hours"), required=False, max_length=200)
    note = blocks.CharBlock(label=_("note"), required=False, max_length=300)

    class Meta:
        icon = "site"
        label = _("contact")
        template = "content/blocks/contact.html"


class FoldedBlock(blocks.StructBlock):
    """A question and its answer, folded until asked."""

    title = blocks.CharBlock(label=_("title"), max_length=200)
    text = blocks.RichTextBlock(label=_("text"), features=RICH)

    class Meta:
        icon = "collapse-down"
        label = _("folded text")
        template = "content/blocks/folded.html"


class FileBlock(blocks.StructBlock):
    """A file to download, with its size."""

    title = blocks.CharBlock(label=_("words of the link"), max_length=200)
    document = DocumentChooserBlock(label=_("file"))

    class Meta:
        icon = "doc-full"
        label = _("file")
        template = "content/blocks/file.html"


class HotlinesBlock(blocks.StructBlock):
    """Every published line of the register, as it is now; an editor writes the headings only."""

    emergency = blocks.CharBlock(label=_("heading over emergencies"), max_length=120)
    country = blocks.CharBlock(label=_("heading over lines of the whole country"), max_length=120)

    class Meta:
        icon = "list-ul"
        label = _("all hotlines")
        template = "content/blocks/hotlines.html"

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["groups"] = published_groups(value["emergency"], value["country"])
        return context


class BodyBlock(blocks.StreamBlock):
    """The body of a page of information."""

    text = blocks.RichTextBlock(label=_("text"), features=["h2", "h3", *RICH])
    notice = NoticeBlock()
    phones = blocks.ListBlock(
        PhoneBlock(), label=_("phones"), icon="comment", template="content/blocks/phones.html"
    )
    contact = ContactBlock()
    folded = FoldedBlock()
    file = FileBlock()
    hotlines = HotlinesBlock()
