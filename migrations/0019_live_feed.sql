-- What open screens are told of: that something changed, never what it says. Written by triggers, so that
-- no operation can forget it, in the transaction that changes.

create table live_change (
    -- The transaction that wrote it. Whoever reads only what transactions wrote that are all over, in this
    -- order, misses nothing: numbers of a sequence are given out before their transactions commit.
    xid        xid8 not null default pg_current_xact_id(),
    id         bigint generated always as identity,
    kind       text not null constraint live_change_kind_check check (kind in ('lead', 'attempt', 'message', 'appointment', 'provider')),
    subject    text not null,
    lead_id    uuid,
    -- Whose lead it was until then: they are told that it is theirs no more.
    was_owner  text,
    -- For its removal alone.
    written_at timestamptz not null default clock_timestamp(),
    primary key (xid, id)
);
create index live_change_written_idx on live_change (written_at);

create function live_of_distribution() returns trigger language plpgsql as $$
begin
    insert into live_change (kind, subject, lead_id)
    select distinct 'attempt', attempt_id::text, lead_id from news
    where attempt_id is not null and kind not in ('late', 'breach');
    insert into live_change (kind, subject)
    select 'provider', coalesce(detail ->> 'provider', '') from news where kind in ('frozen', 'thawed');
    return null;
end
$$;
create trigger distribution_event_live after insert on distribution_event
    referencing new table as news for each statement execute function live_of_distribution();

create function live_of_lead() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into live_change (kind, subject, lead_id, was_owner) values ('lead', old.id::text, old.id, old.owner_sales_id);
    elsif tg_op = 'UPDATE' and old.owner_sales_id is distinct from new.owner_sales_id then
        insert into live_change (kind, subject, lead_id, was_owner) values ('lead', new.id::text, new.id, old.owner_sales_id);
    else
        insert into live_change (kind, subject, lead_id) values ('lead', new.id::text, new.id);
    end if;
    return null;
end
$$;
create trigger lead_live after insert or delete on lead for each row execute function live_of_lead();
create trigger lead_changed_live after update on lead
    for each row when (old.* is distinct from new.*) execute function live_of_lead();

create function live_of_message() returns trigger language plpgsql as $$
begin
    insert into live_change (kind, subject, lead_id) values ('message', new.id::text, new.lead_id);
    return null;
end
$$;
create trigger wa_message_live after insert on wa_message
    for each row when (new.lead_id is not null) execute function live_of_message();
create trigger wa_message_changed_live after update of delivery_status on wa_message
    for each row when (new.lead_id is not null and old.delivery_status is distinct from new.delivery_status)
    execute function live_of_message();

create function live_of_appointment() returns trigger language plpgsql as $$
begin
    insert into live_change (kind, subject, lead_id) values ('appointment', new.id::text, new.lead_id);
    return null;
end
$$;
create trigger appointment_live after insert or update on appointment
    for each row execute function live_of_appointment();
