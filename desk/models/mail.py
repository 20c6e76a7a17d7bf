"""Mailboxes of centres, and what has become of each letter in them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider
from forms import crypto
from forms.crypto import DataKey
from forms.models import FormDefinition, IntakeCase
from forms.visibility import of_own_centres

UNREAD = datetime.timedelta(minutes=15)  # it is read once a minute


class Security(models.TextChoices):
    """How the way to the server is closed. There is no open one: letters of families go it."""

    TLS = "tls", _("TLS (port 993)")
    STARTTLS = "starttls", _("STARTTLS (port 143)")


class Trouble(models.TextChoices):
    """Why a mailbox could not be read: what the administrator has to look at."""

    NO_ANSWER = "no_answer", _("the server does not answer: check the host and the port")
    NOT_SAFE = "not_safe", _("the connection is not safe: the certificate of the server is wrong")
    LOGIN = "login", _("the server does not take the user or the password")
    FOLDER = "folder", _("there is no such folder")
    NO_MOVING = "no_moving", _("letters are taken in, but cannot be moved or marked there")
    CUT_OFF = "cut_off", _("the server broke off in the middle")
    NO_FORM = "no_form", _("the form has no questions for a letter")
    NO_KEY = "no_key", _("the password does not open: give it again")
    NO_ROOM = "no_room", _("the portal cannot keep files: see its disk")
    SENDER = "sender", _("letters may not be sent from this address")


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def not_read(self) -> MailboxQuerySet:
        """Those that cannot be read, or that nobody reads."""
        late = Q(read_at__lt=timezone.now() - UNREAD) | Q(failing_since__isnull=False)
        return self.filter(late, active=True)


class Mailbox(models.Model):
    """A mailbox whose letters become cases. The password lies sealed, with a key of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = models.EmailField(
        _("address"),
        unique=True,
        help_text=_("Families write to it, and answers in their thread come from it."),
    )
    centre = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mailboxes",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
        help_text=_("Empty: the routing rules choose the centre."),
    )
    form = models.ForeignKey(
        FormDefinition,
        on_delete=models.PROTECT,
        related_name="mailboxes",
        verbose_name=_("form"),
        help_text=_(
            "What a letter is taken in as: topic, term and how long it is kept. Forms that have a "
            "long text with the key “letter”."
        ),
    )
    host = models.CharField(_("IMAP server"), max_length=200)
    port = models.PositiveIntegerField(
        _("port"), default=993, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(
        _("protection"), max_length=8, choices=Security, default=Security.TLS
    )
    user = models.CharField(_("user"), max_length=200)
    sealed_password = models.BinaryField(editable=False)
    wrapped = models.BinaryField(editable=False)
    wrapped_by = models.CharField(max_length=16, db_index=True, editable=False)
    folder = models.CharField(_("folder that is read"), max_length=100, default="INBOX")
    done_folder = models.CharField(
        _("folder for letters that were taken in"), max_length=100, default="Обработано"
    )
    since = models.DateField(
        _("letters from this day on"),
        default=timezone.localdate,
        help_text=_("Older ones are left alone."),
    )
    active = models.BooleanField(_("is read"), default=True)

    read_at = models.DateTimeField(_("last read"), null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    trouble = models.CharField(max_length=10, choices=Trouble, blank=True, editable=False)
    # The letter that is being read, and how often: one that kills the worker is left to people.
    reading = models.BigIntegerField(default=0, editable=False)
    readings = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address

    @property
    def fails_long(self) -> bool:
        since = self.failing_since
        return since is not None and since < timezone.now() - UNREAD

    @cached_property
    def data_key(self) -> DataKey:
        return crypto.unwrap(self.pk, self.wrapped)

    def keep_password(self, password: str) -> None:
        key = crypto.new_key(self.pk)
        self.wrapped, self.wrapped_by = crypto.wrap(key), crypto.newest_key_id()
        self.sealed_password = key.seal("password", password.encode())
        self.__dict__["data_key"] = key

    def read_password(self) -> str:
        """:raises forms.crypto.CryptoError: its key is not among those of the installation."""
        return self.data_key.open("password", self.sealed_password).decode()

    def was_read(self, trouble: str = "") -> None:
        self._note(read_at=timezone.now(), failing_since=None, trouble=trouble)

    def was_not_read(self, trouble: Trouble) -> None:
        since = self.failing_since or timezone.now()
        self._note(failing_since=since, trouble=trouble)

    def _note(self, **values: Any) -> None:
        Mailbox.objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)


class Fate(models.TextChoices):
    """What became of a letter."""

    CASE = "case", _("became a case")
    ADDED = "added", _("was added to a case")
    BOUNCE = "bounce", _("said that a letter of ours has not arrived")
    AUTOMATIC = "automatic", _("was written by a program")
    UNSORTED = "unsorted", _("could not be taken in")
    AGAIN = "again", _("is taken in once more")
    SETTLED = "settled", _("was looked at: no case")


# With these a letter is done and leaves the folder; the others stay where they are.
DONE = (Fate.CASE, Fate.ADDED, Fate.BOUNCE)


class Reason(models.TextChoices):
    """Why a letter became no case, in words for those who look at it."""

    NO_SENDER = "no_sender", _("it has no address of a sender")
    EMPTY = "empty", _("nothing is written in it that can be read")
    TOO_LARGE = "too_large", _("it is too large")
    TOO_MANY = "too_many", _("very many letters come from this address")
    GENERATED = "generated", _("another system has sent it: perhaps an application is in it")
    ERROR = "error", _("it is put together in a way that the portal does not understand")
    DEADLY = "deadly", _("reading it stops the portal")
    REPLY = "reply", _("automatic answer")
    LIST = "list", _("mailing")
    OWN = "own", _("a letter of the portal itself")
    BOUNCED = "bounced", _("a mail server tells of a letter that is not ours")
    DELAYED = "delayed", _("a letter of ours is on its way for long")


class ReceivedMailQuerySet(models.QuerySet["ReceivedMail"]):
    def visible_to(self, user: Any) -> ReceivedMailQuerySet:
        """Letters to the centres of those who sort them; to no centre, of those who see such cases."""
        if not user.is_active or not user.has_perm("intake_desk.sort_mail"):
            return self.none()
        if user.is_superuser:
            return self
        boxes = Mailbox.objects.filter(of_own_centres(user))
        return self.filter(mailbox__in=boxes.values("pk"))

    def waiting(self) -> ReceivedMailQuerySet:
        """Somebody has to look at them."""
        return self.filter(fate=Fate.UNSORTED)


class ReceivedMail(models.Model):
    """A letter and what became of it. Its id is made of the letter itself: it comes in once.

    It holds nothing of the letter but where it lies; `head` is sealed with the key of the case.
    """

    PURPOSE = "mail"

    id = models.UUIDField(primary_key=True, editable=False)
    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.PROTECT, related_name="letters", verbose_name=_("mailbox")
    )
    uid_validity = models.BigIntegerField()
    uid = models.BigIntegerField(_("number in the folder"))
    size = models.BigIntegerField(_("bytes"), default=0)
    came_at = models.DateTimeField(_("came"), default=timezone.now)
    read_at = models.DateTimeField(_("read"), default=timezone.now)
    fate = models.CharField(_("what became of it"), max_length=10, choices=Fate)
    reason = models.CharField(_("why"), max_length=10, choices=Reason, blank=True)
    forced = models.BooleanField(default=False)  # somebody says that it is a case, whatever it is
    case = models.ForeignKey(
        IntakeCase,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="letters",
        verbose_name=_("case"),
    )
    # It answers a letter about another case, to which it could not be added.
    about = models.ForeignKey(
        IntakeCase,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="letters_about",
        verbose_name=_("seems to be about"),
    )
    mark = models.CharField(max_length=64, blank=True)  # digest of its Message-ID
    head = models.BinaryField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who looked at it"),
    )

    objects = ReceivedMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter that came")
        verbose_name_plural = _("letters that came")
        ordering = ["-came_at"]
        permissions = [("sort_mail", "Can sort letters that became no case")]
        indexes = [
            models.Index(fields=["mailbox", "uid_validity", "uid"], name="mail_in_folder"),
            models.Index(fields=["mark"], condition=~Q(mark=""), name="mail_by_mark"),
            models.Index(fields=["fate", "-came_at"], name="mail_by_fate"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(fate__in=(Fate.CASE, Fate.ADDED), case__isnull=False)
                | ~Q(fate__in=(Fate.CASE, Fate.ADDED)) & Q(case__isnull=True),
                name="mail_with_its_case",
            ),
            models.CheckConstraint(
                condition=~Q(fate__in=(Fate.UNSORTED, Fate.AUTOMATIC)) | ~Q(reason=""),
                name="mail_unsorted_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id}/{self.uid}: {self.fate}"

    @property
    def is_waiting_long(self) -> bool:
        return self.came_at < timezone.now() - datetime.timedelta(days=1)
