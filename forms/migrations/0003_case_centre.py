"""A case lies with the centre of its queue: who may see it hangs on that, so the database checks."""

from django.db import migrations

FORWARD = """
create function intake_forms_case_centre() returns trigger language plpgsql as $$
begin
    if new.centre_id is distinct from
            (select centre_id from intake_forms_queue where id = new.queue_id) then
        raise exception 'case % does not lie with the centre of its queue', new.ref
            using errcode = 'check_violation', constraint = 'case_centre_of_queue';
    end if;
    return new;
end $$;

create trigger case_centre before insert or update of queue_id, centre_id on intake_forms_intakecase
    for each row execute function intake_forms_case_centre();

create function intake_forms_queue_centre() returns trigger language plpgsql as $$
begin
    if exists (select from intake_forms_intakecase where queue_id = new.id) then
        raise exception 'queue % has cases and stays with its centre', new.slug
            using errcode = 'check_violation', constraint = 'queue_with_cases_keeps_centre';
    end if;
    return new;
end $$;

create trigger queue_centre before update of centre_id on intake_forms_queue
    for each row when (old.centre_id is distinct from new.centre_id)
    execute function intake_forms_queue_centre();
"""

BACK = """
drop trigger queue_centre on intake_forms_queue;
drop trigger case_centre on intake_forms_intakecase;
drop function intake_forms_queue_centre();
drop function intake_forms_case_centre();
"""


class Migration(migrations.Migration):
    dependencies = [("intake_forms", "0002_immutable")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
