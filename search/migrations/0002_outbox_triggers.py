"""Triggers that write the outbox on every path: saves, bulk writes, imports, plain SQL.

They work by the statement, not by the row: one INSERT of the ids and one NOTIFY, however
many rows a statement touches. Triggers on the tables of content stand in a later migration.
"""

from django.db import migrations

# What belongs to a measure: any change of it is a change of the measure.
PARTS = {
    "catalogue_measure_territories": "measure_id",
    "catalogue_measure_situations": "measure_id",
    "catalogue_measure_categories": "measure_id",
    "catalogue_measure_providers": "measure_id",
    "catalogue_amount": "measure_id",
    "catalogue_requireddocument": "measure_id",
    "catalogue_applicationstep": "measure_id",
    "catalogue_legalbasis": "measure_id",
}
# Whose names stand in the text of measures: the link to them, and the columns that count.
NAMES = {
    "catalogue_provider": (
        "catalogue_measure_providers",
        "provider_id",
        ["slug", "full_name", "short_name", "aliases"],
    ),
    "catalogue_situation": (
        "catalogue_measure_situations",
        "situation_id",
        ["slug", "title", "synonyms"],
    ),
    "catalogue_category": (
        "catalogue_measure_categories",
        "category_id",
        ["slug", "title", "synonyms"],
    ),
    "catalogue_legalact": ("catalogue_legalbasis", "act_id", ["title", "kind", "number"]),
    "catalogue_documenttype": ("catalogue_requireddocument", "document_type_id", ["name"]),
}
# What queries are read with.
LEXICON = [
    "search_synonym",
    "search_synonym_measures",
    "search_synonym_situations",
    "search_synonym_categories",
    "search_synonym_providers",
    "search_synonym_territories",
    "catalogue_territory",
    "catalogue_provider",
    "catalogue_situation",
    "catalogue_category",
]
EVENTS = {
    "insert": "referencing new table as after_rows",
    "update": "referencing old table as before_rows new table as after_rows",
    "delete": "referencing old table as before_rows",
}

FUNCTIONS = """
alter table search_searchchange
    alter column xid set default (pg_current_xact_id()::text::bigint),
    alter column written_at set default now();

create function search_note(what text, ids bigint[]) returns void language plpgsql as $$
begin
    insert into search_searchchange (kind, object_id)
        select what, id from unnest(ids) as id where id is not null group by id;
    if found then
        perform pg_notify('search_change', '');
    end if;
end $$;

-- Arguments: the kind of what changed, the column with its id.
create function search_row_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
begin
    execute case tg_op
        when 'INSERT' then format('select array_agg(%1$I) from after_rows', tg_argv[1])
        when 'DELETE' then format('select array_agg(%1$I) from before_rows', tg_argv[1])
        else format(
            'select array_agg(id) from (select %1$I as id from after_rows
             union select %1$I from before_rows) as both_sides', tg_argv[1])
    end into changed;
    perform search_note(tg_argv[0], changed);
    return null;
end $$;

-- Arguments: the table that links to measures, its column, the columns that count.
create function search_name_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
    columns_before text;
    columns_after text;
begin
    select string_agg(format('b.%I', name), ','), string_agg(format('a.%I', name), ',')
        into columns_before, columns_after from unnest(tg_argv[2:]) as name;
    execute format(
        'select array_agg(distinct l.measure_id) from after_rows a
         join before_rows b on b.id = a.id and row(%s) is distinct from row(%s)
         join %I l on l.%I = a.id', columns_before, columns_after, tg_argv[0], tg_argv[1])
        into changed;
    perform search_note('measure', changed);
    return null;
end $$;

-- A territory's name stands in the text of everything inside it.
create function search_territory_changed() returns trigger language plpgsql as $$
declare
    changed bigint[];
begin
    select array_agg(distinct l.measure_id) into changed
        from after_rows a
        join before_rows b on b.id = a.id
            and row(a.slug, a.title, a.aliases, a.ancestor_ids, a.kind)
                is distinct from row(b.slug, b.title, b.aliases, b.ancestor_ids, b.kind)
        join catalogue_territory inside on inside.ancestor_ids @> array[a.id]
        join catalogue_measure_territories l on l.territory_id = inside.id;
    perform search_note('measure', changed);
    return null;
end $$;

create function search_lexicon_changed() returns trigger language plpgsql as $$
begin
    insert into search_searchchange (kind, object_id) values ('lexicon', 0);
    return null;
end $$;

create function search_table_emptied() returns trigger language plpgsql as $$
begin
    perform search_note('everything', array[0]);
    return null;
end $$;
"""

DROP_FUNCTIONS = """
drop function search_table_emptied();
drop function search_lexicon_changed();
drop function search_territory_changed();
drop function search_name_changed();
drop function search_row_changed();
drop function search_note(text, bigint[]);
alter table search_searchchange alter column xid drop default, alter column written_at drop default;
"""


def triggers():
    """(trigger, table, everything after the name) of each trigger."""
    rows = {"catalogue_measure": ("measure", "id"), "catalogue_situation": ("situation", "id")}
    rows |= {table: ("measure", column) for table, column in PARTS.items()}
    for table, (kind, column) in rows.items():
        for event, tables in EVENTS.items():
            yield (
                f"search_row_{event}",
                table,
                f"after {event} on {table} {tables} for each statement"
                f" execute function search_row_changed('{kind}', '{column}')",
            )
        yield (
            "search_emptied",
            table,
            f"after truncate on {table} for each statement"
            " execute function search_table_emptied()",
        )
    for table, (link, column, columns) in NAMES.items():
        arguments = ", ".join(f"'{argument}'" for argument in [link, column, *columns])
        yield (
            "search_name_update",
            table,
            f"after update on {table} {EVENTS['update']} for each statement"
            f" execute function search_name_changed({arguments})",
        )
    yield (
        "search_territory_update",
        "catalogue_territory",
        f"after update on catalogue_territory {EVENTS['update']} for each statement"
        " execute function search_territory_changed()",
    )
    for table in LEXICON:
        yield (
            "search_lexicon",
            table,
            f"after insert or update or delete or truncate on {table} for each statement"
            " execute function search_lexicon_changed()",
        )


FORWARD = FUNCTIONS + "".join(f"create trigger {name} {rest};\n" for name, _, rest in triggers())
BACK = (
    "".join(f"drop trigger {name} on {table};\n" for name, table, _ in triggers()) + DROP_FUNCTIONS
)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_synonyms_outbox_log"), ("catalogue", "0002_territory_path")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
