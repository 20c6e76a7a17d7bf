"""A stamp that changes with the routing rules and with all that they are read with."""

import uuid

from django.db import migrations, models

FUNCTIONS = """
create function intake_forms_routing_changed() returns trigger language plpgsql as $$
begin
    update intake_forms_routingstate set stamp = gen_random_uuid();
    return null;
end $$;

-- Arguments: the columns that count.
create function intake_forms_routing_named() returns trigger language plpgsql as $$
declare
    columns_before text;
    columns_after text;
    differs boolean;
begin
    select string_agg(format('b.%I', name), ','), string_agg(format('a.%I', name), ',')
        into columns_before, columns_after from unnest(tg_argv) as name;
    execute format(
        'select exists (select from after_rows a
         join before_rows b on b.id = a.id and row(%s) is distinct from row(%s))',
        columns_before, columns_after) into differs;
    if differs then
        update intake_forms_routingstate set stamp = gen_random_uuid();
    end if;
    return null;
end $$;

insert into intake_forms_routingstate (stamp) values (gen_random_uuid());
"""
WHOLE = ("intake_forms_routingrule", "intake_forms_queue")
NAMES = {
    "intake_forms_formdefinition": ("title",),
    "intake_forms_topic": ("title",),
    "catalogue_territory": ("title", "depth"),
    "catalogue_provider": ("short_name", "is_centre"),
}
FORWARD = (
    FUNCTIONS
    + "".join(
        f"create trigger routing_changed after insert or update or delete or truncate on {table}\n"
        "    for each statement execute function intake_forms_routing_changed();\n"
        for table in WHOLE
    )
    + "".join(
        f"create trigger routing_named after update on {table}\n"
        "    referencing old table as before_rows new table as after_rows for each statement\n"
        f"    execute function intake_forms_routing_named({', '.join(columns)});\n"
        for table, columns in NAMES.items()
    )
)
BACK = (
    "".join(f"drop trigger routing_changed on {table};\n" for table in WHOLE)
    + "".join(f"drop trigger routing_named on {table};\n" for table in NAMES)
    + "drop function intake_forms_routing_named();\n"
    + "drop function intake_forms_routing_changed();\n"
)


class Migration(migrations.Migration):
    dependencies = [
        ("intake_forms", "0016_texts_of_consents"),
        ("catalogue", "0006_ties_in_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoutingState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stamp", models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
