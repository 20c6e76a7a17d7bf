"""Every address of the resolver with values for its parts, and two of everything that is owned.

When a floor adds an address with a part that is not known here, `addresses` says which and where
its value has to be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from django.utils import timezone

OWN, OTHER = "own", "other"
APART, SECRET = "apart", "secret"  # cases of the own centre that not everybody there sees
NEVER = "never"  # what there never was


class Kept(dict[str, Any]):
    """What belongs to somebody, by whose it is; what there is no further one of is one's own."""

    def __missing__(self, whose: str) -> Any:
        return self[OWN]


@dataclass(frozen=True)
class Route:
    """A named pattern of the resolver."""

    name: str
    parts: tuple[str, ...]
    model: Any = None  # of the viewset that the view belongs to

    @property
    def namespace(self) -> str:
        return self.name.rpartition(":")[0]


@dataclass
class World:
    """What there is: for everything that is owned, one's own and another's."""

    measures: dict[str, Any]
    providers: dict[str, Any]
    offices: dict[str, Any]
    batches: dict[str, Any]
    cases: dict[str, Any]
    drafts: dict[str, Any]
    begun: dict[str, Any]  # by staff, of a contact that is being registered
    files: dict[str, Any]
    acts: dict[str, Any]
    referrals: dict[str, Any]
    letters: dict[str, Any]
    diagnoses: dict[str, Any]
    urgent_help: dict[str, Any]
    exports: dict[str, Any]
    kept: dict[str, Any]  # filters of the list and jobs, of people of both centres
    jobs: dict[str, Any]
    form: Any
    page: Any
    image: Any
    document: Any
    of_centres: dict[str, dict[str, Any]]  # tests.arrangement.rows_of each centre
    # By the name of the viewset or of the part of an address: rooms, hours, slots, bookings.
    appointments: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)

    def owned(self, namespace: str) -> dict[str, Any] | None:
        """The pair behind the keys of a namespace, where rows belong to somebody."""
        return {
            "wagtailsnippets_catalogue_measure": self.measures,
            "wagtailsnippetchoosers_catalogue_measure": self.measures,
            "providers": self.providers,
            "offices": self.offices,
            "catalogue_exchange": self.batches,
            "intake": self.cases,
            **{name: self._pair(name) for name in self.of_centres[OWN]},
            **self.appointments,
        }.get(namespace)

    def _pair(self, name: str) -> dict[str, Any]:
        return Kept({whose: rows[name] for whose, rows in self.of_centres.items()})


def routes() -> list[Route]:
    """Every pattern that has a name."""
    return sorted(set(_routes(get_resolver(), ())), key=lambda route: (route.name, route.parts))


def _routes(resolver: Any, namespaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _routes(pattern, inner)
        elif pattern.name:
            parts = tuple(sorted(pattern.pattern.regex.groupindex))
            model = getattr(pattern.callback, "view_initkwargs", {}).get("model")
            yield Route(":".join((*namespaces, pattern.name)), parts, model)


def addresses(route: Route, world: World, whose: str) -> list[str]:
    """The addresses of a route, for one's own rows or for another's.

    :raises AssertionError: a part has no value; says where to add it.
    """
    path = address(route, values_of(route, world, whose))
    queries = QUERIES.get(route.name, lambda world, whose: [""])(world, whose)
    return [path + query for query in queries]


def values_of(route: Route, world: World, whose: str) -> dict[str, Any]:
    """:raises AssertionError: a part has no value; says where to add it."""
    return {part: _value(route, part, world, whose) for part in route.parts}


def address(route: Route, values: dict[str, Any]) -> str:
    try:
        return reverse(route.name, args=ARGUMENTS.get(route.name, ()), kwargs=values or None)
    except NoReverseMatch as error:
        raise AssertionError(
            f"{route.name}: add its arguments to ARGUMENTS in tests/cms/walk.py ({error})"
        ) from error


def _value(route: Route, part: str, world: World, whose: str) -> Any:
    for key in ((route.name, part), (route.namespace, part), ("", part)):
        if key in VALUES:
            return VALUES[key](world, whose)
    if part == "pk" and world.owned(route.namespace):
        return world.owned(route.namespace)[whose].pk
    if part == "pk" and route.model is not None:
        assert not hasattr(route.model._default_manager, "visible_to"), (
            f"{route.name}: rows of {route.model._meta.label} belong to somebody; "
            "add one's own and another's to World.owned in tests/cms/walk.py"
        )
        return _first(*route.model._meta.label_lower.split("."))(world, whose)
    if part == "instance_pk":
        app, model = route.name.split("_modeladmin_")[0].rsplit("_", 1)
        row = apps.get_model(app, model).objects.first()
        assert row is not None, f"{route.name}: make a row of {app}.{model} in the world"
        return row.pk
    raise AssertionError(
        f"New address {route.name}: add a value for «{part}» to VALUES in tests/cms/walk.py, "
        "and when its rows belong to somebody, to World.owned"
    )


def _first(app: str, model: str) -> Callable[[World, str], Any]:
    def first(world: World, whose: str) -> Any:
        manager = apps.get_model(app, model)._default_manager
        assert not hasattr(manager, "visible_to"), f"rows of {app}.{model} belong to somebody"
        row = manager.order_by("-pk").first()
        assert row is not None, f"make a row of {app}.{model} in the world"
        return row.pk

    return first


def _is(value: Any) -> Callable[[World, str], Any]:
    return lambda world, whose: value


def _of_measure(read: Callable[[Any], Any]) -> Callable[[World, str], Any]:
    return lambda world, whose: read(world.measures[whose])


def _task_state(measure: Any) -> Any:
    return measure.current_workflow_task_state


def _account(world: World, whose: str) -> Any:
    return world.people["partner" if whose == OWN else "partner2"].pk


def _latest_revision(world: World, whose: str) -> Any:
    script = apps.get_model("intake_desk", "script").objects.first()
    assert script is not None, "make a script in the world"
    return script.latest_revision_id


MEASURE = "wagtailsnippets_catalogue_measure"
FORM = "wagtailsnippets_intake_forms_formdefinition"
SCRIPT = "wagtailsnippets_intake_desk_script"
# (name of the route or its namespace or nothing, part) → value
VALUES: dict[tuple[str, str], Callable[[World, str], Any]] = {
    ("", "page_id"): lambda w, _: w.page.pk,
    ("", "parent_page_id"): lambda w, _: w.page.pk,
    ("", "page_to_move_id"): lambda w, _: w.page.pk,
    ("", "destination_id"): lambda w, _: w.page.pk,
    ("", "page_pk"): lambda w, _: w.page.pk,
    ("", "image_id"): lambda w, _: w.image.pk,
    ("", "document_id"): lambda w, _: w.document.pk,
    ("", "doc_id"): lambda w, _: w.document.pk,
    ("", "uploaded_file_id"): _is(1),
    ("", "redirect_id"): _is(1),
    ("", "collection_id"): _first("wagtailcore", "collection"),
    ("", "workflow_pk"): _first("wagtailcore", "workflow"),
    ("", "restriction_id"): _is(1),
    ("", "page_view_restriction_id"): _is(1),
    ("", "filter_spec"): _is("max-100x100"),
    ("", "uidb64"): _is("MQ"),
    ("", "token"): _is("set-password"),
    ("", "session_id"): _is(0),
    ("", "diagnosis"): lambda w, whose: w.diagnoses[whose].pk,
    ("", "given"): lambda w, whose: w.urgent_help[whose].pk,
    ("intake:unsent_text", "text"): _is("7f3e7e0e-2f0b-4d0e-9a53-5f7c3d1f6b1b"),
    ("", "export"): lambda w, whose: w.exports[whose].pk,
    ("", "referral"): lambda w, whose: w.referrals[whose].pk,
    ("", "route"): lambda w, whose: w.cases[whose].routes.get().pk,
    ("intake_desk", "token"): _is("forged"),
    ("intake_desk", "file"): lambda w, whose: w.files[whose].pk,
    ("intake:inbox_file", "file"): lambda w, whose: w.files[whose].pk,
    ("", "slug"): lambda w, whose: w.measures[whose].slug,
    ("", "ref"): lambda w, whose: w.cases[whose].ref,
    ("", "action_name"): _is("approve"),
    ("", "revision_id"): lambda w, _: w.page.latest_revision_id,
    ("", "revision_id_a"): _is("earliest"),
    ("", "revision_id_b"): _is("latest"),
    ("", "task_id"): _first("wagtailcore", "groupapprovaltask"),
    ("", "task_state_id"): _of_measure(lambda measure: _task_state(measure).pk),
    ("", "workflow_state_id"): _of_measure(lambda measure: measure.current_workflow_state.pk),
    ("", "content_type_app_name"): _is("wagtailcore"),
    ("", "content_type_model_name"): _is("page"),
    ("wagtailadmin_pages", "pk"): lambda w, _: w.page.pk,
    ("wagtailadmin_pages", "app_label"): _is("wagtailcore"),
    ("wagtailadmin_pages", "model_name"): _is("page"),
    ("wagtailadmin_workflows", "app_label"): _is("wagtailcore"),
    ("wagtailadmin_workflows", "model_name"): _is("groupapprovaltask"),
    ("wagtailadmin_workflows", "pk"): _first("wagtailcore", "workflow"),
    ("wagtailadmin_workflows:edit_task", "pk"): _first("wagtailcore", "groupapprovaltask"),
    ("wagtailadmin_workflows:disable_task", "pk"): _first("wagtailcore", "groupapprovaltask"),
    ("wagtailadmin_workflows:enable_task", "pk"): _first("wagtailcore", "groupapprovaltask"),
    ("wagtailadmin_editing_sessions:ping", "app_label"): _is("catalogue"),
    ("wagtailadmin_editing_sessions:ping", "model_name"): _is("measure"),
    ("wagtailadmin_editing_sessions:ping", "object_id"): _of_measure(lambda measure: measure.pk),
    ("wagtail_bulk_action", "app_label"): _is("catalogue"),
    ("wagtail_bulk_action", "model_name"): _is("measure"),
    ("wagtail_bulk_action", "action"): _is("delete"),
    ("wagtailadmin_tag_model_autocomplete", "app_name"): _is("taggit"),
    ("wagtailadmin_tag_model_autocomplete", "model_name"): _is("tag"),
    ("wagtailsettings", "app_name"): _is("cms"),
    ("wagtailsettings", "model_name"): _is("sitesettings"),
    ("wagtailsettings", "pk"): _first("wagtailcore", "site"),
    ("wagtailadmin_api:pages", "pk"): lambda w, _: w.page.pk,
    ("wagtailadmin_api:images", "pk"): lambda w, _: w.image.pk,
    ("wagtailadmin_api:documents", "pk"): lambda w, _: w.document.pk,
    ("wagtailadmin_collections", "pk"): _first("wagtailcore", "collection"),
    ("wagtailsites", "pk"): _first("wagtailcore", "site"),
    ("wagtailusers_users", "pk"): _account,
    ("wagtailusers_groups", "pk"): _first("auth", "group"),
    ("wagtailimages_chooser", "pk"): lambda w, _: w.image.pk,
    ("wagtaildocs_chooser", "pk"): lambda w, _: w.document.pk,
    ("search_records", "name"): _is("measures"),
    (SCRIPT, "pk"): _first("intake_desk", "script"),
    (FORM, "pk"): lambda w, _: w.form.pk,
    (FORM, "revision_id"): lambda w, _: w.form.latest_revision_id,
    (SCRIPT, "revision_id"): _latest_revision,
    ("wagtailsnippetchoosers_intake_desk_script", "pk"): _first("intake_desk", "script"),
    ("intake:new_form", "slug"): lambda w, _: w.form.slug,
    ("wagtailsnippetchoosers_intake_forms_formdefinition", "pk"): lambda w, _: w.form.pk,
    (MEASURE, "revision_id"): _of_measure(lambda measure: measure.latest_revision_id),
    ("picture", "path"): _is("nothing.png"),
    ("", "slot"): lambda w, whose: w.appointments["slot"][whose].pk,
    ("", "booking"): lambda w, whose: w.appointments["booking"][whose].pk,
    ("intake_desk:free_times", "kind"): lambda w, whose: (
        w.appointments["appointment_kinds"][whose].pk
    ),
    ("intake:register", "slug"): _is("journal"),
    ("intake:card", "slug"): _is("journal"),
    ("intake:figures_file", "file_format"): _is("pdf"),
    **{
        (name, part): value
        for name in ("intake:journal", "intake:journal_file")
        for part, value in {
            "slug": _is("journal"),
            "centre": lambda w, whose: w.cases[whose].centre_id,
            "year": lambda w, _: timezone.localdate().year,
        }.items()
    },
    ("intake:journal_file", "file_format"): _is("csv"),
    ("intake:forget_filter", "pk"): lambda w, whose: w.kept[whose].pk,
    ("intake:absence_over", "pk"): lambda w, whose: w.appointments["absence"][whose].pk,
    ("intake:job", "pk"): lambda w, whose: w.jobs[whose].pk,
    ("intake:unname", "grant"): lambda w, whose: w.cases[whose].grants.get().pk,
    ("intake:glass", "number"): lambda w, whose: w.cases[whose].ref,
    ("intake:file", "file"): lambda w, whose: w.files[whose].pk,
    ("intake:letter", "letter"): lambda w, whose: w.letters[whose].pk,
    ("intake", "mailbox"): lambda w, whose: w.letters[whose].mailbox_id,
    ("intake:act", "pk"): lambda w, whose: w.acts[whose].pk,
    ("intake:act_paper", "pk"): lambda w, whose: w.acts[whose].pk,
    ("intake:act_log", "pk"): lambda w, whose: w.acts[whose].pk,
    ("intake:data_register_file", "file_format"): _is("csv"),
    ("intake:route", "pk"): _first("intake_forms", "routingrule"),
    ("intake:route_off", "pk"): _first("intake_forms", "routingrule"),
    ("intake:route_delete", "pk"): _first("intake_forms", "routingrule"),
    ("second_factor:reset", "pk"): _account,
    ("intake:check", "pk"): lambda w, _: w.form.pk,
    ("intake:publish", "pk"): lambda w, _: w.form.pk,
    ("intake:form_file", "pk"): lambda w, _: w.form.pk,
    ("intake:form_ready", "pk"): lambda w, _: w.form.pk,
    ("intake:new_begun", "ref"): lambda w, whose: w.begun[whose].ref,
    ("intake:new_drop", "ref"): lambda w, whose: w.begun[whose].ref,
    ("intake:form_copy", "pk"): lambda w, _: w.form.pk,
    ("intake:form_usage", "pk"): lambda w, _: w.form.pk,
    ("intake:check_preview", "pk"): lambda w, _: w.form.pk,
    ("intake:check_preview", "number"): _is("s0"),
    ("intake_forms:form_begun", "ref"): lambda w, whose: w.drafts[whose].ref,
    ("intake_forms:draft_page", "ref"): lambda w, whose: w.drafts[whose].ref,
    ("intake_forms:draft_page", "place"): _is("1"),
    ("intake_forms:form", "slug"): lambda w, _: w.form.slug,
    ("api:form", "slug"): lambda w, _: w.form.slug,
    ("api:submit", "slug"): lambda w, _: w.form.slug,
    ("api:situation", "slug"): _is("situation"),
    ("catalogue_exchange", "kind"): _is("measures"),
    ("catalogue_exchange", "file_format"): _is("csv"),
}
# Patterns whose parts have no names.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "wagtaildocs_serve": (1, "file.txt"),
    "wagtail_serve": ("",),
}


def _searches(world: World, whose: str) -> list[str]:
    return ["", f"?q={world.measures[whose].title}", "?p=99999"]


def _ids(world: World, whose: str) -> list[str]:
    return [f"?id={world.measures[whose].pk}", "?id=all", "?id=abc", "?id=1e9"]


# Addresses that tell more when they are asked something.
QUERIES: dict[str, Callable[[World, str], list[str]]] = {
    f"{MEASURE}:list": _searches,
    f"{MEASURE}:list_results": _searches,
    "wagtailsnippetchoosers_catalogue_measure:choose": _searches,
    "wagtailsnippetchoosers_catalogue_measure:choose_results": _searches,
    "wagtailsnippetchoosers_catalogue_measure:chosen_multiple": _ids,
    "wagtail_bulk_action": _ids,
    "providers:index": _searches,
    "offices:index": _searches,
}
