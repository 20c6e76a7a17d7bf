"""The database keeps each territory's path through the tree and refuses a cycle."""

from django.db import migrations

FORWARD = """
create function catalogue_territory_path() returns trigger language plpgsql as $$
declare
    above bigint[];
begin
    if new.parent_id is null then
        new.ancestor_ids := array[new.id];
    else
        select ancestor_ids into above from catalogue_territory where id = new.parent_id;
        if new.id = any(above) then
            raise exception 'territory % cannot lie inside itself', new.slug
                using errcode = 'check_violation', constraint = 'territory_no_cycle';
        end if;
        new.ancestor_ids := above || new.id;
    end if;
    new.depth := cardinality(new.ancestor_ids) - 1;
    return new;
end $$;

create function catalogue_territory_subtree() returns trigger language plpgsql as $$
begin
    -- Touching the children makes each of them compute its own path, and so on down.
    update catalogue_territory set parent_id = parent_id where parent_id = new.id;
    return null;
end $$;

create trigger territory_path before insert or update on catalogue_territory
    for each row execute function catalogue_territory_path();

create trigger territory_subtree after update on catalogue_territory
    for each row when (old.ancestor_ids is distinct from new.ancestor_ids)
    execute function catalogue_territory_subtree();
"""

BACK = """
drop trigger territory_subtree on catalogue_territory;
drop trigger territory_path on catalogue_territory;
drop function catalogue_territory_subtree();
drop function catalogue_territory_path();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
