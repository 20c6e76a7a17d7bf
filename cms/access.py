"""Who may do what: the roles of the portal, and how views are closed per object.

A role is a group of permissions. Whose objects a person may touch is never a permission: each
model whose rows belong to somebody has one queryset method `visible_to(user)`, and every view
starts from it. Wagtail's generic views check permissions of the model only, so `ScopedViews`
puts that queryset in front of each of them; cms.guard closes the views that no viewset makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet, Value
from django.http import Http404, HttpRequest
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import policy_registry, register_permission_policy


class Role(StrEnum):
    """Name of a role's group, as administrators see it."""

    EDITOR = "Редактор"
    CHIEF_EDITOR = "Главный редактор"
    DISPATCHER = "Диспетчер"
    SPECIALIST = "Специалист"
    HEAD = "Руководитель центра"
    PARTNER = "Партнёр"
    ANALYST = "Аналитик"
    ADMINISTRATOR = "Администратор"


@dataclass(frozen=True)
class Rights:
    """What a role may do: permissions as `app.codename`, and on pages and files."""

    permissions: tuple[str, ...]
    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def crud(app: str, *models: str, actions: str = "view add change delete") -> tuple[str, ...]:
    """Names of the permissions for some actions on some models of an app."""
    return tuple(f"{app}.{action}_{model}" for model in models for action in actions.split())


_ADMIN = ("wagtailadmin.access_admin",)
_EXCHANGE = crud("catalogue", "importbatch", actions="view add")
_DICTIONARIES = (
    "category",
    "situation",
    "fact",
    "documenttype",
    "legalact",
    "provider",
    "office",
    "hotline",
    "territory",
)

# Whoever works on cases sees those of the own centre only: IntakeCase.objects.visible_to.
_CASES = (
    "intake_forms.view_intakecase",
    "intake_forms.take_intakecase",
    "intake_forms.reissue_receipt",
    "intake_forms.register_intakecase",
)
_FORM = "intake_forms"
_DESK = "intake_desk"
# How a centre is arranged; heads tend their own (desk.own_centre).
_ARRANGEMENT = ("department", "curatorarea", "dutyshift", "centreclock", "specialday")
_REFERS = ("intake_desk.refer_case",)
# What was referred to the own organisation: Referral.objects.visible_to.
_ANSWERS = ("intake_desk.answer_referral",)
_LETTERS = ("intake_desk.sort_mail",)
_HOURS = crud(_DESK, "room", "appointmentkind", "workinghours", "changedday")
_PLANS = crud(_DESK, "plan", "countedas")
_LEDGER = crud(_FORM, "ledgerrow", actions="view")
_DATA_REGISTER = ("intake_forms.view_data_register",)
# What keeps personal data longer, what gives it out, what proves that it is gone.
_END_OF_DATA = (
    "intake_forms.hold_intakecase",
    "intake_forms.export_person",
    "intake_forms.view_erasureact",
    *_DATA_REGISTER,
)
_SETTINGS = ("cms.change_sitesettings",)
_SEARCH = (
    crud("search", "synonym", "intent", "pinnedanswer")
    + crud("search", "fieldweights", actions="view add change")
    + crud("search", "searchevent", actions="view")
)

RIGHTS: dict[Role, Rights] = {
    Role.EDITOR: Rights(
        _ADMIN
        + _EXCHANGE
        + crud("catalogue", "measure", "agreement", *_DICTIONARIES, actions="view add change")
        + ("catalogue.manage_all_measures", "catalogue.manage_all_providers")
        + crud(_FORM, "formdefinition", "readyblock", actions="view add change")
        + crud(_DESK, "script", actions="view add change")
        + _SEARCH,
        pages=("add_page", "change_page"),
        files=("add", "change", "choose"),
    ),
    Role.CHIEF_EDITOR: Rights(
        _ADMIN
        + _EXCHANGE
        + crud("catalogue", "measure", "agreement", *_DICTIONARIES)
        + crud("catalogue", "measure", actions="publish lock unlock")
        + _SETTINGS
        + ("catalogue.manage_all_measures", "catalogue.manage_all_providers")
        + crud(_FORM, "formdefinition", actions="view add change delete publish lock unlock")
        + crud(_FORM, "readyblock")
        + crud(_DESK, "script", actions="view add change delete publish lock unlock")
        + _DATA_REGISTER
        + _SEARCH,
        pages=("add_page", "change_page", "publish_page", "lock_page", "unlock_page"),
        files=("add", "change", "choose"),
    ),
    Role.DISPATCHER: Rights(
        _ADMIN
        + _CASES
        + _REFERS
        + _ANSWERS
        + (
            "intake_forms.view_unrouted",
            "intake_forms.view_whole_centre",
            "intake_forms.route_intakecase",
        )
        + _LETTERS
    ),
    Role.SPECIALIST: Rights(_ADMIN + _CASES + _REFERS),
    Role.HEAD: Rights(
        _ADMIN
        + _CASES
        + _REFERS
        + _ANSWERS
        + _LEDGER
        + _HOURS
        + _END_OF_DATA
        + (
            "intake_forms.view_whole_centre",
            "intake_forms.route_intakecase",
            "intake_forms.break_glass",
            "intake_forms.view_accesslog",
            "intake_desk.export_cases",
            "intake_forms.add_absence",
        )
        + crud(_FORM, *_ARRANGEMENT)
        + crud(_DESK, "departmenttask", "messagetemplate")
        + crud(_FORM, "queue", actions="view add change")
        + crud(_DESK, "script", actions="view add change")
        + ("intake_desk.view_figures",)
        + _PLANS
        + _LETTERS
    ),
    Role.PARTNER: Rights(
        _ADMIN
        + crud("catalogue", "importbatch", actions="add")
        + crud("catalogue", "measure", "office", actions="view add change")
        + crud("catalogue", "provider", actions="view change")
        + _ANSWERS,
    ),
    Role.ANALYST: Rights(
        _ADMIN
        + crud("search", "searchevent", actions="view")
        + ("intake_desk.view_all_figures",)
        + _PLANS
    ),
    Role.ADMINISTRATOR: Rights(
        _ADMIN
        + crud("cms", "user")
        + crud("auth", "group")
        + _SETTINGS
        + crud("catalogue", "membership", "agreement", *_DICTIONARIES)
        + crud(_FORM, "topic", "queue", "routingrule", "register", *_ARRANGEMENT)
        + crud(_DESK, "departmenttask", "risksign", "urgenthelpkind", "messagetemplate")
        + crud(_DESK, "receiver", "routetemplate")
        + crud(_DESK, "mailbox", actions="view add change")
        + _HOURS
        + _LEDGER
        + _DATA_REGISTER
        # Acts of cases that no centre had; the cases themselves take view_intakecase.
        + ("intake_forms.view_erasureact", "intake_forms.view_unrouted")
        + ("catalogue.manage_all_measures", "catalogue.manage_all_providers"),
        files=("add", "change", "choose"),
    ),
}


_ACTIONS = ("view", "add", "change", "delete", "publish", "lock", "unlock")


def visible(model: type[Model], user: Any, ids: Iterable[Any]) -> bool:
    """True when the person may see every row of `model` with these keys, as URLs give them.

    Keys that cannot be keys of the model belong to no row, so they are not seen.
    """
    try:
        keys = {model._meta.pk.to_python(unquote(str(key))) for key in ids}
    except ValidationError:
        return False
    rows = model._default_manager.visible_to(user)  # type: ignore[attr-defined]
    return rows.filter(pk__in=keys).count() == len(keys)


class ScopedPolicy(ModelPermissionPolicy):
    """Wagtail's policy for a model with `visible_to`: what is not visible cannot be touched.

    Wagtail asks it in bulk actions, previews, lists of usage and pings of open editors.
    """

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        return self.user_has_permission(user, action) and self._sees(user, instance)

    def user_has_any_permission_for_instance(self, user: Any, actions: Any, instance: Any) -> bool:
        return self.user_has_any_permission(user, actions) and self._sees(user, instance)

    def instances_user_has_any_permission_for(self, user: Any, actions: Any) -> Any:
        rows = self.model._default_manager
        if self.user_has_any_permission(user, actions):
            return rows.visible_to(user)
        return rows.none()

    def _sees(self, user: Any, instance: Any) -> bool:
        # Lists annotate their rows, so that each row does not ask again.
        if instance.pk is None or instance.__dict__.get("_seen_by") == user.pk:
            return True
        if not visible(self.model, user, [instance.pk]):
            return False
        instance._seen_by = user.pk
        return True


class ScopedView:
    """Mixed in front of a generic view of Wagtail: rows of others do not exist for this person.

    Every address of a row carries its key as `pk`, whatever the view then does with it.
    """

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        if "pk" in kwargs and not self._knows(request.user, kwargs["pk"]):
            raise Http404
        super().setup(request, *args, **kwargs)  # type: ignore[misc]

    def get_base_queryset(self) -> Any:
        """Lists; views of history and usage list records of other models here."""
        return self._own(super().get_base_queryset())  # type: ignore[misc]

    def get_object_list(self) -> Any:
        """Choosers."""
        return self._own(super().get_object_list())  # type: ignore[misc]

    def get_objects(self, pks: list[str]) -> Any:
        """Choosers of several rows."""
        if not visible(self._model(), self.request.user, pks):  # type: ignore[attr-defined]
            raise Http404
        return super().get_objects(pks)  # type: ignore[misc]

    def _knows(self, user: Any, key: Any) -> bool:
        """Wagtail refuses who has no right on the model otherwise than what is not there."""
        policy = getattr(self, "permission_policy", None)  # choosers have none
        may = policy is None or policy.user_has_any_permission(user, _ACTIONS)
        return may and visible(self._model(), user, [key])

    def _own(self, rows: Any) -> Any:
        model, user = self._model(), self.request.user  # type: ignore[attr-defined]
        if not (isinstance(rows, QuerySet) and issubclass(rows.model, model)):
            return rows
        own = model._default_manager.visible_to(user).values("pk")  # type: ignore[attr-defined]
        return rows.filter(pk__in=own).annotate(_seen_by=Value(user.pk))

    def _model(self) -> type[Model]:
        return getattr(self, "model_class", None) or self.model  # type: ignore[attr-defined]


class ScopedViews:
    """Mixed in front of a viewset of Wagtail: every view that it makes is a ScopedView.

    So are the views of its chooser, and the model's permission policy is a ScopedPolicy.
    """

    model: type[Model]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if policy_registry.get_by_type(self.model, fallback=False) is None:
            register_permission_policy(self.model, ScopedPolicy(self.model))
        chooser = getattr(self, "chooser_viewset_class", None)
        if chooser is not None and not issubclass(chooser, ScopedViews):
            self.chooser_viewset_class = _scoped(ScopedViews, chooser)

    def construct_view(self, view_class: type, **kwargs: Any) -> Any:
        if not issubclass(view_class, ScopedView):
            view_class = _scoped(ScopedView, view_class)
        return super().construct_view(view_class, **kwargs)  # type: ignore[misc]


def _scoped(mixin: type, base: type) -> type:
    return type(f"Scoped{base.__name__}", (mixin, base), {"__module__": base.__module__})
