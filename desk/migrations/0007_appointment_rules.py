"""Nobody and nothing is in two places at once, and no group has more people than seats.

An exclusion constraint over "the same person" and "overlapping times" wants an operator class for
plain numbers under GiST, which only the extension btree_gist has. So whose time it is and when are
one range of numbers: the key in the upper half, the seconds since 1970 in the lower one. Ranges of
different keys never meet, ranges of one key meet when the times do.
"""

from django.db import migrations

BUSY = """
create function intake_desk_busy(key bigint, starts timestamptz, ends timestamptz)
returns int8range language sql immutable parallel safe as $$
    select int8range(
        (key << 32) + extract(epoch from starts at time zone 'UTC')::bigint,
        (key << 32) + extract(epoch from ends at time zone 'UTC')::bigint)
$$;

alter table intake_desk_slot
    add constraint slot_one_place_of_person exclude using gist
        (intake_desk_busy(person_id::bigint, starts_at, ends_at) with &&)
        where (taken > 0 or (firm and not closed)),
    add constraint slot_room_once exclude using gist
        (intake_desk_busy(room_id, starts_at, ends_at) with &&)
        where (room_id is not null and (taken > 0 or (firm and not closed))),
    add constraint slot_room_of_centre
        foreign key (room_id, centre_id) references intake_desk_room (id, centre_id),
    add constraint slot_kind_of_centre
        foreign key (kind_id, centre_id) references intake_desk_appointmentkind (id, centre_id);

alter table intake_desk_booking
    add constraint booking_one_place_of_case exclude using gist
        (intake_desk_busy(case_id, starts_at, ends_at) with &&)
        where (state in ('booked', 'unmarked', 'came', 'missed'));
"""
BUSY_BACK = """
alter table intake_desk_booking drop constraint booking_one_place_of_case;
alter table intake_desk_slot
    drop constraint slot_one_place_of_person,
    drop constraint slot_room_once,
    drop constraint slot_room_of_centre,
    drop constraint slot_kind_of_centre;
drop function intake_desk_busy(bigint, timestamptz, timestamptz);
"""

COPIES = """
-- What a booking repeats of its slot is the slot's, whatever is written.
create function intake_desk_booking_copies() returns trigger language plpgsql as $$
begin
    select slot.kind_id, kind.meeting <> 'group', slot.starts_at, slot.ends_at
        into new.kind_id, new.single, new.starts_at, new.ends_at
        from intake_desk_slot slot join intake_desk_appointmentkind kind on kind.id = slot.kind_id
        where slot.id = new.slot_id;
    return new;
end $$;

create trigger booking_copies before insert or update on intake_desk_booking
    for each row execute function intake_desk_booking_copies();

-- A slot that takes longer, or comes earlier, takes its bookings with it.
create function intake_desk_slot_times() returns trigger language plpgsql as $$
begin
    update intake_desk_booking set starts_at = new.starts_at, ends_at = new.ends_at
        where slot_id = new.id;
    return null;
end $$;

create trigger slot_times after update of starts_at, ends_at on intake_desk_slot
    for each row when (old.starts_at <> new.starts_at or old.ends_at <> new.ends_at)
    execute function intake_desk_slot_times();
"""
COPIES_BACK = """
drop trigger slot_times on intake_desk_slot;
drop function intake_desk_slot_times();
drop trigger booking_copies on intake_desk_booking;
drop function intake_desk_booking_copies();
"""

SEATS = """
create function intake_desk_sits(state text) returns int language sql immutable as $$
    select (state in ('held', 'booked', 'unmarked', 'came', 'missed'))::int
$$;

create function intake_desk_booking_seats() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' and intake_desk_sits(old.state) = 1 then
        update intake_desk_slot set taken = taken - 1 where id = old.slot_id;
    end if;
    if tg_op <> 'DELETE' and intake_desk_sits(new.state) = 1 then
        update intake_desk_slot set taken = taken + 1 where id = new.slot_id;
    end if;
    return null;
end $$;

create trigger booking_seats_made after insert or delete on intake_desk_booking
    for each row execute function intake_desk_booking_seats();
create trigger booking_seats after update of slot_id, state on intake_desk_booking
    for each row when (old.slot_id <> new.slot_id
        or intake_desk_sits(old.state) <> intake_desk_sits(new.state))
    execute function intake_desk_booking_seats();

create function intake_desk_slot_counted() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 and new.taken <> coalesce(old.taken, 0) then
        raise exception 'what is taken of slot % is counted, not written', new.id
            using errcode = 'check_violation', constraint = 'slot_taken_is_counted';
    end if;
    return new;
end $$;

create trigger slot_counted before insert or update of taken on intake_desk_slot
    for each row execute function intake_desk_slot_counted();
"""
SEATS_BACK = """
drop trigger slot_counted on intake_desk_slot;
drop function intake_desk_slot_counted();
drop trigger booking_seats on intake_desk_booking;
drop trigger booking_seats_made on intake_desk_booking;
drop function intake_desk_booking_seats();
drop function intake_desk_sits(text);
"""


class Migration(migrations.Migration):
    dependencies = [("intake_desk", "0006_appointments")]

    operations = [
        migrations.RunSQL(BUSY, BUSY_BACK),
        migrations.RunSQL(COPIES, COPIES_BACK),
        migrations.RunSQL(SEATS, SEATS_BACK),
    ]
