"""Tables whose rows are never deleted cannot be emptied either; since when a centre has records."""

from django.db import migrations, models

# Those of 0002_immutable, and whatever followed it.
TABLES = [
    "consenttext",
    "formversion",
    "submission",
    "consentgiven",
    "caseevent",
    "accesslog",
    "ledgerrow",
    "consentwithdrawn",
    "erasure",
    "registration",
]
FORWARD = "".join(
    f"create trigger {table}_not_emptied before truncate on intake_forms_{table}\n"
    "    for each statement execute function intake_forms_immutable();\n"
    for table in TABLES
)
BACK = "".join(f"drop trigger {table}_not_emptied on intake_forms_{table};\n" for table in TABLES)


class Migration(migrations.Migration):

    dependencies = [
        ('intake_forms', '0034_facts_heard'),
    ]

    operations = [
        migrations.RunSQL(FORWARD, BACK),
        migrations.AddField(
            model_name='centreclock',
            name='records_since',
            field=models.DateField(blank=True, help_text='Old paper of an earlier day is not taken in. Empty: five years back.', null=True, verbose_name='records since'),
        ),
        migrations.AddIndex(
            model_name='registration',
            index=models.Index(condition=models.Q(('from_paper', True)), fields=['contacted_at'], name='registration_on_paper'),
        ),
    ]
