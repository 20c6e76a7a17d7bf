"""What the database itself does not allow at a desk, and what makes a process read its rules anew."""

from django.db import migrations

CASE_PLACE = """
create or replace function intake_forms_case_centre() returns trigger language plpgsql as $$
begin
    if not exists (
            select from intake_forms_queue where id = new.queue_id
            and centre_id is not distinct from new.centre_id
            and department_id is not distinct from new.department_id) then
        raise exception 'case % does not lie with the centre and department of its queue', new.ref
            using errcode = 'check_violation', constraint = 'case_centre_of_queue';
    end if;
    return new;
end $$;

drop trigger case_centre on intake_forms_intakecase;
create trigger case_centre
    before insert or update of queue_id, centre_id, department_id on intake_forms_intakecase
    for each row execute function intake_forms_case_centre();

-- A queue goes to another department with its cases.
create function intake_forms_queue_department() returns trigger language plpgsql as $$
begin
    update intake_forms_intakecase set department_id = new.department_id
        where queue_id = new.id and department_id is distinct from new.department_id;
    return null;
end $$;

create trigger queue_department after update of department_id on intake_forms_queue
    for each row when (old.department_id is distinct from new.department_id)
    execute function intake_forms_queue_department();

alter table intake_forms_queue add constraint queue_department_of_centre
    foreign key (department_id, centre_id) references intake_forms_department (id, centre_id);

-- A case is joined to one that stands for itself; rows are locked, so that two that are joined to
-- each other at once wait for each other.
create function intake_forms_case_joined() returns trigger language plpgsql as $$
declare
    joined bigint;
begin
    select duplicate_of_id into joined from intake_forms_intakecase
        where id = new.duplicate_of_id for update;
    if joined is not null
            or exists (select from intake_forms_intakecase where duplicate_of_id = new.id) then
        raise exception 'case % is joined to one that is joined itself, or has others', new.ref
            using errcode = 'check_violation', constraint = 'case_joined_once';
    end if;
    return null;
end $$;

create trigger case_joined after insert or update of duplicate_of_id on intake_forms_intakecase
    for each row when (new.duplicate_of_id is not null)
    execute function intake_forms_case_joined();
"""
CASE_PLACE_BACK = """
drop trigger case_joined on intake_forms_intakecase;
drop function intake_forms_case_joined();
alter table intake_forms_queue drop constraint queue_department_of_centre;
drop trigger queue_department on intake_forms_queue;
drop function intake_forms_queue_department();
create or replace function intake_forms_case_centre() returns trigger language plpgsql as $$
begin
    if new.centre_id is distinct from
            (select centre_id from intake_forms_queue where id = new.queue_id) then
        raise exception 'case % does not lie with the centre of its queue', new.ref
            using errcode = 'check_violation', constraint = 'case_centre_of_queue';
    end if;
    return new;
end $$;
drop trigger case_centre on intake_forms_intakecase;
create trigger case_centre before insert or update of queue_id, centre_id on intake_forms_intakecase
    for each row execute function intake_forms_case_centre();
"""
# Hours and curators are kept in the process with the rules (forms.routing).
WHOLE = ("intake_forms_centreclock", "intake_forms_specialday", "intake_forms_curatorarea")
STAMP = "".join(
    f"create trigger routing_changed after insert or update or delete or truncate on {table}\n"
    "    for each statement execute function intake_forms_routing_changed();\n"
    for table in WHOLE
) + (
    "create trigger routing_named after update on cms_user\n"
    "    referencing old table as before_rows new table as after_rows for each statement\n"
    "    execute function intake_forms_routing_named(is_active);\n"
    "create trigger routing_named after update on catalogue_measure\n"
    "    referencing old table as before_rows new table as after_rows for each statement\n"
    "    execute function intake_forms_routing_named(slug, title);\n"
)
STAMP_BACK = (
    "drop trigger routing_named on cms_user;\ndrop trigger routing_named on catalogue_measure;\n"
) + "".join(
    f"drop trigger routing_changed on {table};\n" for table in WHOLE
)


class Migration(migrations.Migration):
    dependencies = [
        ("intake_forms", "0021_desk_of_a_centre"),
        ("cms", "0001_user"),
    ]

    operations = [
        migrations.RunSQL(CASE_PLACE, CASE_PLACE_BACK),
        migrations.RunSQL(STAMP, STAMP_BACK),
    ]
