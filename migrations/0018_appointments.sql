-- Visits: an agent's with a client, in nobody's way, reminded of, and in the calendar.

-- In contrib, as hstore and pgcrypto: equality beside ranges in one exclusion constraint.
create extension if not exists btree_gist;

create table appointment (
    id                 uuid primary key,
    lead_id            uuid not null references lead (id),
    sales_id           text not null references "user" (id),
    starts_at          timestamptz not null,
    ends_at            timestamptz not null,
    place              text,
    note               text,
    status             text not null default 'booked' constraint appointment_status_check check (status in ('booked', 'cancelled')),
    -- Another when anything about it changes: the calendar follows it.
    version            integer not null default 1,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    cancelled_at       timestamptz,
    calendar_state     text not null default 'pending' constraint appointment_calendar_state_check
                           check (calendar_state in ('pending', 'synced', 'failing', 'failed')),
    calendar_event_id  text,
    -- The version that the calendar shows.
    calendar_version   integer not null default 0,
    calendar_error     text,
    calendar_synced_at timestamptz,
    -- Who writes it into the calendar now has until then: two that did would overtake each other.
    calendar_busy_until timestamptz,
    constraint appointment_forward check (ends_at > starts_at),
    constraint appointment_not_endless check (ends_at <= starts_at + interval '1 day'),
    constraint appointment_cancelled check ((status = 'cancelled') = (cancelled_at is not null)),
    -- Nobody is at two places at once; one visit may begin when another ends.
    constraint appointment_one_at_a_time exclude using gist
        (sales_id with =, tstzrange(starts_at, ends_at) with &&) where (status = 'booked')
);
create index appointment_lead_idx on appointment (lead_id, starts_at);
create index appointment_sales_idx on appointment (sales_id, starts_at, id);
create index appointment_starts_idx on appointment (starts_at, id);
create index appointment_unsynced_idx on appointment (updated_at) where calendar_version < version;

create table appointment_change (
    id             bigint generated always as identity primary key,
    appointment_id uuid not null references appointment (id),
    at             timestamptz not null,
    by_user_id     text references "user" (id) on delete set null,
    kind           text not null constraint appointment_change_kind_check check (kind in ('booked', 'moved', 'changed', 'cancelled')),
    starts_at      timestamptz not null,
    ends_at        timestamptz not null,
    note           text
);
create index appointment_change_appointment_idx on appointment_change (appointment_id, id);

-- A word before the visit. Its time is a column; the job that comes then is an alarm clock.
create table appointment_reminder (
    id             uuid primary key,
    appointment_id uuid not null references appointment (id),
    recipient      text not null constraint appointment_reminder_recipient_check check (recipient in ('agent', 'client')),
    minutes_before integer not null,
    -- The visit that it is about: a visit that moves has reminders of its own.
    starts_at      timestamptz not null,
    due_at         timestamptz not null,
    state          text not null default 'waiting' constraint appointment_reminder_state_check check (state in ('waiting', 'said', 'void')),
    reason         text,
    ended_at       timestamptz,
    -- What was written to be sent.
    message_id     uuid references wa_message (id),
    constraint appointment_reminder_before check (due_at < starts_at),
    constraint appointment_reminder_ended check ((state = 'waiting') = (ended_at is null)),
    constraint appointment_reminder_never_early check (state <> 'said' or ended_at >= due_at),
    constraint appointment_reminder_never_past check (state <> 'said' or ended_at < starts_at)
);
create unique index appointment_reminder_once on appointment_reminder (appointment_id, recipient, minutes_before, starts_at)
    where state <> 'void';
create index appointment_reminder_due_idx on appointment_reminder (due_at) where state = 'waiting';

-- Nobody is to read it from then on: a reminder that waits for its provider is void by then.
alter table wa_message add column expires_at timestamptz;
alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo', 'reminder_agent', 'reminder_client')));
