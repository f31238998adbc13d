-- Drops foreign keys that PostgreSQL checks for each lead, although the program never deletes the rows that they name. Each check
-- of an agent or a queue also locks a row that all leads use. Triggers on deletes replace them: they cost a lead nothing. A trigger
-- sees committed rows only, so delete a user or a queue by hand only while the processes are stopped.

alter table distribution_cycle_member
    drop constraint distribution_cycle_member_cycle_id_fkey,
    drop constraint distribution_cycle_member_sales_id_fkey,
    -- `distribution_cycle_member_once` remains the key. No statement finds a member by its seat.
    drop constraint distribution_cycle_member_pkey;
alter table distribution_cycle_member replica identity using index distribution_cycle_member_once;
alter table distribution_attempt drop constraint distribution_attempt_sales_id_fkey;
alter table distribution_cycle drop constraint distribution_cycle_queue_id_fkey;
-- No statement reads the answered message through this column.
alter table wa_message drop constraint wa_message_in_reply_to_fkey;

create function refuse_to_lose_an_agent() returns trigger language plpgsql as $$
begin
    if exists (select from distribution_attempt where sales_id = old.id)
       or exists (select from distribution_cycle_member where sales_id = old.id) then
        raise exception 'user % has offers: disable the user', old.id using errcode = 'foreign_key_violation';
    end if;
    return old;
end
$$;
create trigger user_keep_agents before delete on "user" for each row execute function refuse_to_lose_an_agent();

create function end_members_of_cycle() returns trigger language plpgsql as $$
begin
    delete from distribution_cycle_member where cycle_id = old.id;
    return old;
end
$$;
create trigger distribution_cycle_members before delete on distribution_cycle
    for each row execute function end_members_of_cycle();

create function forget_queue_of_cycles() returns trigger language plpgsql as $$
begin
    update distribution_cycle set queue_id = null where queue_id = old.id;
    return old;
end
$$;
create trigger distribution_queue_forget before delete on distribution_queue
    for each row execute function forget_queue_of_cycles();

-- One insert for the events of a statement.
create or replace function live_of_distribution() returns trigger language plpgsql as $$
begin
    insert into live_change (kind, subject, lead_id)
    select distinct 'attempt', attempt_id::text, lead_id from news
    where attempt_id is not null and kind not in ('late', 'breach')
    union all
    select 'provider', coalesce(detail ->> 'provider', ''), null from news where kind in ('frozen', 'thawed');
    return null;
end
$$;
