-- WhatsApp's Cloud API: what Meta sends is kept as it came until it has been acted on; what we send is
-- paced, and its outcome settled, through these tables by all workers together.

create table webhook_delivery (
    id          uuid primary key,
    source      text not null constraint webhook_delivery_source_check check (source in ('whatsapp', 'leads')),
    -- The bytes that were signed.
    body        bytea not null,
    received_at timestamptz not null,
    handled_at  timestamptz,
    failure     text
);
create index webhook_delivery_waiting_idx on webhook_delivery (received_at) where handled_at is null;
create index webhook_delivery_handled_idx on webhook_delivery (handled_at) where handled_at is not null;

alter table inbound_event add column delivery_id uuid references webhook_delivery (id) on delete set null;
create index inbound_event_delivery_idx on inbound_event (delivery_id) where delivery_id is not null;

-- Who writes from where: beside a lead's and an agent's number, the other keys that are theirs.
create table wa_identity (
    -- `+62…`; `bsuid:ID.…`, Meta's name for a person towards our business; `lid:…`, a linked device's.
    address       text primary key,
    lead_id       uuid references lead (id) on delete cascade,
    user_id       text references "user" (id) on delete cascade,
    first_seen_at timestamptz not null,
    constraint wa_identity_is_somebodys check (num_nonnulls(lead_id, user_id) = 1)
);
create index wa_identity_lead_idx on wa_identity (lead_id) where lead_id is not null;
create index wa_identity_user_idx on wa_identity (user_id) where user_id is not null;

-- One address and one provider: the 24-hour window, and when the next message may go.
create table wa_contact (
    provider      text not null,
    address       text not null,
    -- When they last wrote; null: the window is closed.
    last_heard_at timestamptz,
    next_send_at  timestamptz,
    primary key (provider, address)
);
-- The company's number: when the next message may go, in a leaky bucket (GCRA).
create table wa_pace (
    provider text primary key,
    next_at  timestamptz not null
);

-- One call to the provider. Written before the call, settled by its answer or by a status; a call
-- whose outcome nobody knows stays unsettled, and its messages wait.
create table wa_send (
    id                  uuid primary key,
    provider            text not null,
    to_wa               text not null,
    form                text not null constraint wa_send_form_check check (form in ('text', 'buttons', 'list', 'template')),
    started_at          timestamptz not null,
    settled_at          timestamptz,
    -- `unsent`: it is known that it was not taken. `lost`: nothing was heard of it in time; it was sent again.
    outcome             text constraint wa_send_outcome_check check (outcome in ('accepted', 'refused', 'unsent', 'lost')),
    provider_message_id text,
    error_code          integer,
    resend_of           uuid references wa_send (id),
    constraint wa_send_settled check ((settled_at is null) = (outcome is null)),
    constraint wa_send_accepted_is_named check (outcome <> 'accepted' or provider_message_id is not null)
);
create index wa_send_unsettled_idx on wa_send (started_at) where settled_at is null;
create index wa_send_provider_message_idx on wa_send (provider_message_id) where provider_message_id is not null;

alter table wa_message
    -- In a line, and a template's blanks: for forms that have no room for the whole of it.
    add column line         text,
    add column parameters   text[],
    add column send_id      uuid references wa_send (id),
    -- When the provider says each came about; the state is the furthest of them.
    add column status_sent_at timestamptz,
    add column delivered_at timestamptz,
    add column read_at      timestamptz,
    add column failed_at    timestamptz,
    add column error_code   integer,
    add column requeued     integer not null default 0;
create index wa_message_send_idx on wa_message (send_id) where send_id is not null;
create index wa_message_queued_idx on wa_message (to_wa, created_at)
    where direction = 'out' and delivery_status = 'queued';

alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo')));
create unique index wa_message_one_welcome_per_cycle on wa_message (cycle_id) where kind = 'welcome';
-- What an admin wrote with the phone's own app is filed once.
create unique index wa_message_echo_once on wa_message (provider, provider_message_id) where kind = 'echo';

-- What became of a message afterwards: its sender changed it or took it back. Beside the message, which
-- may come later than its correction.
create table wa_correction (
    provider    text not null,
    id          text not null,
    original_id text not null,
    kind        text not null constraint wa_correction_kind_check check (kind in ('edit', 'revoke')),
    body        text,
    at          timestamptz not null,
    primary key (provider, id)
);
create index wa_correction_original_idx on wa_correction (provider, original_id);

alter table lead_enquiry
    add column ad_id       text,
    add column campaign_id text,
    add column ctwa_clid   text;

alter table distribution_event drop constraint distribution_event_kind_check;
alter table distribution_event add constraint distribution_event_kind_check check (kind in (
    'started', 'held', 'released', 'offered', 'sent', 'deadline_moved', 'accepted', 'taken_back', 'declined',
    'timed_out', 'undeliverable', 'withdrawn', 'last_round', 'late', 'assigned', 'hangus', 'cancelled', 'frozen',
    'thawed', 'breach', 'merged', 'resent'));
