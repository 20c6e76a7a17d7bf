import django.contrib.postgres.fields
from django.db import migrations, models

# A table that was made before is not given out any more: nobody knows whose cases are in it.
FUNCTION = """
create or replace function intake_desk_export_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and
            (to_jsonb(new) - array[%(changing)s]) = (to_jsonb(old) - array[%(changing)s]) then
        return new;
    end if;
    raise exception 'what was exported is kept as it was asked for'
        using errcode = 'integrity_constraint_violation', constraint = 'caseexport_immutable';
end $$;
"""
NOW = FUNCTION % {"changing": "'state', 'found', 'done', 'until'"}
BEFORE = FUNCTION % {"changing": "'state', 'found', 'done', 'seen_with', 'until'"}


class Migration(migrations.Migration):
    dependencies = [("intake_desk", "0012_figures")]

    operations = [
        migrations.AddField(
            model_name="exportfile",
            name="cases",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, editable=False, size=None
            ),
        ),
        migrations.RemoveField(model_name="caseexport", name="seen_with"),
        migrations.RunSQL(NOW, BEFORE),
        migrations.AlterField(
            model_name="exportevent",
            name="step",
            field=models.CharField(
                choices=[
                    ("asked", "asked for"),
                    ("made", "the table was made"),
                    ("not_made", "not made"),
                    ("taken", "downloaded"),
                    ("withheld", "not given: something in it is closed or erased"),
                    ("deleted", "deleted"),
                ],
                max_length=8,
                verbose_name="what happened",
            ),
        ),
    ]
