"""Tables whose rows are never deleted cannot be emptied either; what was seen and given stays."""

from django.db import migrations

# Never changed or deleted, see forms/migrations/0002_immutable.
IMMUTABLE = ["diagnosis", "urgenthelp"]
# Guarded before by their own triggers.
GUARDED = [
    "amendment",
    "caseexport",
    "exportevent",
    "heardfacts",
    "journalcounter",
    "journalentry",
    "referral",
    "referralevent",
    "scriptrun",
    "scriptversion",
]
FORWARD = "".join(
    f"create trigger {table}_immutable before update or delete on intake_desk_{table}\n"
    "    for each row execute function intake_forms_immutable();\n"
    for table in IMMUTABLE
) + "".join(
    f"create trigger {table}_not_emptied before truncate on intake_desk_{table}\n"
    "    for each statement execute function intake_forms_immutable();\n"
    for table in [*IMMUTABLE, *GUARDED]
)
BACK = "".join(
    f"drop trigger {table}_not_emptied on intake_desk_{table};\n"
    for table in [*IMMUTABLE, *GUARDED]
) + "".join(f"drop trigger {table}_immutable on intake_desk_{table};\n" for table in IMMUTABLE)


class Migration(migrations.Migration):

    dependencies = [
        ('intake_desk', '0015_heard_facts'),
        ('intake_forms', '0035_kept_tables'),
    ]

    operations = [migrations.RunSQL(FORWARD, BACK)]
