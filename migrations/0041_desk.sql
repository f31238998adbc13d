-- What the desk needs.

-- Bulk assignments: an admin gives every lead that matches a filter to an agent. A bulk assignment begins after a moment in
-- which the admin can take it back.

create table bulk_assignment (
    id           uuid primary key,
    sales_id     text not null references "user" (id),
    by_user      text references "user" (id) on delete set null,
    created_at   timestamptz not null,
    begins_at    timestamptz not null,
    begun_at     timestamptz,
    cancelled_at timestamptz,
    ended_at     timestamptz,
    constraint bulk_assignment_begun_or_cancelled check (begun_at is null or cancelled_at is null),
    constraint bulk_assignment_never_early check (begun_at >= begins_at),
    constraint bulk_assignment_ended check (ended_at is null or begun_at is not null)
);

-- The leads that matched, with what became of each. A lead can be merged away before its turn, so that it is no foreign key.
create table bulk_assignment_lead (
    bulk_id      uuid not null references bulk_assignment (id) on delete cascade,
    lead_id      uuid not null,
    -- Null: its turn has not come. `refused`: the agent was disabled in the meantime.
    result       text constraint bulk_assignment_lead_result_check check (result in ('assigned', 'already_theirs', 'gone', 'refused')),
    former_owner text,
    primary key (bulk_id, lead_id)
);
create index bulk_assignment_lead_waiting_idx on bulk_assignment_lead (bulk_id) where result is null;

-- Open screens are told when the state of the linked device changes. A heartbeat changes none of these columns.
create function live_of_linked_device() returns trigger language plpgsql as $$
begin
    insert into live_change (kind, subject) values ('provider', new.provider);
    return null;
end
$$;
create trigger linked_device_live after update on linked_device for each row
    when ((old.state, old.reason, old.qr, old.pairing_code, old.number) is distinct from
          (new.state, new.reason, new.qr, new.pairing_code, new.number))
    execute function live_of_linked_device();

-- The list of messages that failed, newest first.
create index wa_message_failed_idx on wa_message (created_at desc, id) where delivery_status = 'failed';
