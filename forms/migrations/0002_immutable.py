"""The database refuses to change or delete what has to stay as it was."""

from django.db import migrations

TABLES = [
    "consenttext",
    "formversion",
    "submission",
    "consentgiven",
    "caseevent",
    "accesslog",
]

FORWARD = """
create function intake_forms_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed or deleted', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_immutable';
end $$;
""" + "".join(
    f"create trigger {table}_immutable before update or delete on intake_forms_{table}\n"
    "    for each row execute function intake_forms_immutable();\n"
    for table in TABLES
)

BACK = (
    "".join(f"drop trigger {table}_immutable on intake_forms_{table};\n" for table in TABLES)
    + "drop function intake_forms_immutable();"
)


class Migration(migrations.Migration):
    dependencies = [("intake_forms", "0001_intake")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
