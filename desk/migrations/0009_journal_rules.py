"""Numbers of journals have no gaps and lines never change: the database sees to it."""

from django.db import migrations

FORWARD = """
-- The number is the next one of the counter, whatever was sent; a line that is rolled back takes its
-- number back with it.
create function intake_desk_journal_number() returns trigger language plpgsql as $$
begin
    insert into intake_desk_journalcounter (register_id, centre_id, year, last)
        values (new.register_id, new.centre_id, new.year, 0)
        on conflict (register_id, centre_id, year) do nothing;
    update intake_desk_journalcounter set last = last + 1
        where register_id = new.register_id and centre_id = new.centre_id and year = new.year
        returning last into new.number;
    return new;
end $$;

create trigger journal_number before insert on intake_desk_journalentry
    for each row execute function intake_desk_journal_number();

create function intake_desk_journal_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.body is null and new.body is not null
            and (to_jsonb(new) - 'body' - 'frozen_at') = (to_jsonb(old) - 'body' - 'frozen_at') then
        return new;
    end if;
    raise exception 'lines of journals are sealed once and never deleted'
        using errcode = 'integrity_constraint_violation', constraint = 'journalentry_immutable';
end $$;

create trigger journal_kept before update or delete on intake_desk_journalentry
    for each row execute function intake_desk_journal_kept();

create function intake_desk_counter_grows() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.last = old.last + 1 and (to_jsonb(new) - 'last') = (to_jsonb(old) - 'last')
            and pg_trigger_depth() > 1 then
        return new;
    end if;
    raise exception 'the counter of a journal grows with its lines only'
        using errcode = 'integrity_constraint_violation', constraint = 'journalcounter_grows';
end $$;

create trigger counter_grows before update or delete on intake_desk_journalcounter
    for each row execute function intake_desk_counter_grows();
"""
BACK = """
drop trigger counter_grows on intake_desk_journalcounter;
drop function intake_desk_counter_grows();
drop trigger journal_kept on intake_desk_journalentry;
drop function intake_desk_journal_kept();
drop trigger journal_number on intake_desk_journalentry;
drop function intake_desk_journal_number();
"""


class Migration(migrations.Migration):
    dependencies = [("intake_desk", "0008_journals")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
