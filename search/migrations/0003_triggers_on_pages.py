"""Triggers on the pages that tell the stories of life situations.

A story is a row of content_lifesituationpage joined to its wagtailcore_page; either may change.
"""

from django.db import migrations

EVENTS = {
    "insert": "referencing new table as after_rows",
    "update": "referencing old table as before_rows new table as after_rows",
    "delete": "referencing old table as before_rows",
}

FUNCTIONS = """
create function search_page_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
begin
    select array_agg(distinct story.situation_id) into changed
        from after_rows a
        join before_rows b on b.id = a.id
            and row(a.title, a.live, a.path, a.url_path) is distinct from
                row(b.title, b.live, b.path, b.url_path)
        join content_lifesituationpage story on story.page_ptr_id = a.id;
    perform search_note('situation', changed);
    return null;
end $$;

-- A page, with all below it, was closed to the public or opened: any story may be one of them.
create function search_restriction_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
begin
    select array_agg(distinct situation_id) into changed from content_lifesituationpage;
    perform search_note('situation', changed);
    return null;
end $$;
"""
DROP_FUNCTIONS = """
drop function search_restriction_changed();
drop function search_page_changed();
"""


def triggers():
    """(trigger, table, everything after the name) of each trigger."""
    story = "content_lifesituationpage"
    for event, tables in EVENTS.items():
        yield (
            f"search_row_{event}",
            story,
            f"after {event} on {story} {tables} for each statement"
            " execute function search_row_changed('situation', 'situation_id')",
        )
    yield (
        "search_emptied",
        story,
        f"after truncate on {story} for each statement execute function search_table_emptied()",
    )
    yield (
        "search_page_update",
        "wagtailcore_page",
        f"after update on wagtailcore_page {EVENTS['update']} for each statement"
        " execute function search_page_changed()",
    )
    yield (
        "search_restriction",
        "wagtailcore_pageviewrestriction",
        "after insert or update or delete on wagtailcore_pageviewrestriction"
        " for each statement execute function search_restriction_changed()",
    )


FORWARD = FUNCTIONS + "".join(f"create trigger {name} {rest};\n" for name, _, rest in triggers())
BACK = (
    "".join(f"drop trigger {name} on {table};\n" for name, table, _ in triggers()) + DROP_FUNCTIONS
)


class Migration(migrations.Migration):
    dependencies = [
        ("search", "0002_outbox_triggers"),
        ("content", "0001_pages"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACK)]
