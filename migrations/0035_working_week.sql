-- The working week of an office: what offers show of a client who comes back, and what clients are told.

-- What became of the client's earlier enquiry, for the offers of this cycle: `Ditolak (Harga tidak cocok), Sales A`.
alter table distribution_cycle add column past text;

-- When no agent took the lead. It stays if an agent gets the lead afterwards, so that figures count what happened.
alter table distribution_cycle add column hangus_at timestamptz;
update distribution_cycle c set hangus_at = c.closed_at where c.status = 'hangus';
update distribution_cycle c set hangus_at = e.at
from distribution_event e where e.cycle_id = c.id and e.kind = 'hangus' and c.hangus_at is null;

alter table lead_change drop constraint lead_change_field_check;
alter table lead_change add constraint lead_change_field_check check (
    field in ('status', 'progress', 'layer2', 'name', 'phone', 'source', 'project', 'mark', 'created', 'note'));

-- What is open is defined here: a lead that an agent owns and that is neither sold nor lost.
create function lead_is_open(status text, progress text) returns boolean language sql immutable parallel safe
    return status = 'claimed' and progress not in ('won', 'lost');

-- A lead that is no enquiry: a test of the office, or junk. It is in no figure.
alter table lead add column mark text constraint lead_mark_check check (mark in ('test', 'junk'));
create index lead_mark_idx on lead (mark) where mark is not null;

alter table lead_enquiry drop constraint lead_enquiry_kind_check;
alter table lead_enquiry add constraint lead_enquiry_kind_check check (kind in ('ad', 'chat', 'hand'));

-- Who gets no message of ours: a client who asked for that, or whom an admin blocked.
create table contact_block (
    address    text primary key,
    kind       text not null constraint contact_block_kind_check check (kind in ('opted_out', 'blocked')),
    reason     text,
    by_user_id text references "user" (id) on delete set null,
    created_at timestamptz not null
);

alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo', 'reminder_agent', 'reminder_client', 'test',
                                       'disabled', 'handed_over', 'manager_client_wrote', 'manager_agent_disabled',
                                       'manager_merge', 'owner_merge', 'manager_warning', 'offer_hint',
                                       'client_claimed', 'client_hangus', 'client_held', 'client_visit', 'lead_stopped', 'summary')));
-- A client is told each thing once a cycle.
create unique index wa_message_one_client_notice_per_cycle on wa_message (cycle_id, kind)
    where kind in ('client_claimed', 'client_hangus', 'client_held');

-- An admin hands over the desk of an agent who stays: all open leads, or those that were chosen.
alter table agent_handover
    add column of_desk boolean not null default false,
    add column chosen  uuid[];

-- The daily and weekly summaries: which were sent, and who wants none.
create table summary_sent (
    address text not null,
    day     date not null,
    kind    text not null constraint summary_sent_kind_check check (kind in ('day', 'week')),
    primary key (day, kind, address)
);
create table summary_off (
    address text primary key,
    since   timestamptz not null
);
