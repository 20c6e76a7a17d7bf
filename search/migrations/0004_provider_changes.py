"""Triggers that tell of providers: suggestions offer those that give a measure."""

from django.db import migrations, models

EVENTS = {
    "insert": "referencing new table as after_rows",
    "update": "referencing old table as before_rows new table as after_rows",
    "delete": "referencing old table as before_rows",
}
TABLES = {
    "catalogue_provider": "id",
    "catalogue_provider_territories": "provider_id",
    "catalogue_measure_providers": "provider_id",
}

FUNCTIONS = """
-- A measure that appears, closes or goes may be the only one that a provider gives.
create function search_visibility_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
begin
    select array_agg(distinct link.provider_id) into changed
        from after_rows a
        join before_rows b on b.id = a.id
            and row(a.live, a.expire_at, a.valid_to)
                is distinct from row(b.live, b.expire_at, b.valid_to)
        join catalogue_measure_providers link on link.measure_id = a.id;
    perform search_note('provider', changed);
    return null;
end $$;

-- The slug of a territory is what its providers are found by.
create function search_place_of_provider_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
begin
    select array_agg(distinct link.provider_id) into changed
        from after_rows a
        join before_rows b on b.id = a.id and a.slug is distinct from b.slug
        join catalogue_provider_territories link on link.territory_id = a.id;
    perform search_note('provider', changed);
    return null;
end $$;
"""
DROP_FUNCTIONS = """
drop function search_place_of_provider_changed();
drop function search_visibility_changed();
"""


def triggers():
    """(trigger, table, everything after the name) of each trigger."""
    for table, column in TABLES.items():
        for event, tables in EVENTS.items():
            yield (
                f"search_provider_{event}",
                table,
                f"after {event} on {table} {tables} for each statement"
                f" execute function search_row_changed('provider', '{column}')",
            )
        if table != "catalogue_measure_providers":  # there is one already
            yield (
                "search_emptied",
                table,
                f"after truncate on {table} for each statement"
                " execute function search_table_emptied()",
            )
    for name, table in (
        ("search_visibility", "catalogue_measure"),
        ("search_place_of_provider", "catalogue_territory"),
    ):
        yield (
            name,
            table,
            f"after update on {table} {EVENTS['update']} for each statement"
            f" execute function {name}_changed()",
        )


FORWARD = FUNCTIONS + "".join(f"create trigger {name} {rest};\n" for name, _, rest in triggers())
BACK = (
    "".join(f"drop trigger {name} on {table};\n" for name, table, _ in triggers()) + DROP_FUNCTIONS
)


class Migration(migrations.Migration):
    dependencies = [("search", "0003_triggers_on_pages"), ("catalogue", "0002_territory_path")]

    operations = [
        migrations.AlterField(
            model_name="searchchange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("measure", "measure"),
                    ("situation", "situation"),
                    ("provider", "provider"),
                    ("lexicon", "lexicon"),
                    ("everything", "everything"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
