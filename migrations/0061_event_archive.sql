-- The event log moves to files when it is old: `api archive`. A row is deleted only after it was read back from its file.
create table event_archive (
    id       uuid primary key,
    -- Events of leads with no later event than this were moved.
    before   timestamptz not null,
    file     text not null,
    -- Of the file's bytes, in hexadecimal.
    sha256   text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    events   bigint not null check (events > 0),
    -- How many of them are deleted here.
    deleted  bigint not null default 0 check (deleted between 0 and events),
    first_at timestamptz not null,
    last_at  timestamptz not null,
    made_at  timestamptz not null,
    made_by  text not null
);

-- Whether an event can move to a file: the last event of its lead is older, and nobody distributes the lead.
create function is_archivable(event distribution_event, before timestamptz) returns boolean language sql stable as $$
    select event.at < before and event.lead_id is not null
       and not exists (select from lead where id = event.lead_id and status = 'distributing')
       and (select later.at from distribution_event later where later.lead_id = event.lead_id order by later.id desc limit 1) < before
$$;

-- Only the owner of the table deletes, and only while it archives.
create or replace function refuse_to_rewrite_history() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('property_lounge.archiving', true) = 'on'
       and pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'usage') then
        return old;
    end if;
    raise exception 'distribution_event is append-only' using errcode = 'restrict_violation';
end
$$;
comment on table distribution_event is
    'Append-only: a trigger refuses changes and deletions. Only `api archive` deletes, after it has moved a row to a file.';
