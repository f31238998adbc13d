-- What was said, to whom, whether it arrived. An outbound row is the outbox: it is written in the
-- transaction that decided to speak, and a SendMessage or ForwardLeadToSales job carries it out.

create table wa_message (
    id                  uuid primary key,
    lead_id             uuid references lead (id),
    cycle_id            uuid references distribution_cycle (id),
    attempt_id          uuid references distribution_attempt (id),
    in_reply_to         uuid references wa_message (id),
    direction           text not null constraint wa_message_direction_check check (direction in ('in', 'out')),
    kind                text not null,
    from_wa             text not null,
    to_wa               text not null,
    body                text not null,
    outcome             text,
    provider            text not null,
    provider_message_id text,
    delivery_status     text not null,
    delivery_error      text,
    sent_at             timestamptz,
    accepted_at         timestamptz,
    created_at          timestamptz not null,
    constraint wa_message_kind_check check (
        (direction = 'in' and kind in ('client', 'agent', 'stranger'))
        or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'late', 'ambiguous',
                                           'nothing_open', 'owner_client_wrote', 'owner_new_ad'))),
    constraint wa_message_delivery_check check (
        (direction = 'in' and delivery_status = 'received')
        or (direction = 'out' and delivery_status in ('queued', 'accepted', 'sent', 'delivered', 'read', 'failed'))),
    constraint wa_message_offer_names_attempt check (kind <> 'offer' or attempt_id is not null)
);
comment on column wa_message.outcome is 'What an inbound message was taken to mean: accepted, late, distributing …';
comment on column wa_message.sent_at is 'Inbound: when its sender says it was sent.';

-- The same inbound message twice changes nothing.
create unique index wa_message_inbound_once on wa_message (provider, provider_message_id)
    where direction = 'in' and provider_message_id is not null;
create index wa_message_outbound_by_provider_id on wa_message (provider_message_id)
    where direction = 'out' and provider_message_id is not null;
-- No outbound row twice per recipient, kind and attempt; one auto-reply a cycle; one answer of a kind to a message.
create unique index wa_message_once_per_attempt on wa_message (to_wa, kind, attempt_id)
    where direction = 'out' and attempt_id is not null;
create unique index wa_message_one_offer_per_attempt on wa_message (attempt_id) where kind = 'offer';
create unique index wa_message_one_auto_reply_per_cycle on wa_message (cycle_id) where kind = 'auto_reply';
create unique index wa_message_one_answer on wa_message (in_reply_to, kind)
    where direction = 'out' and attempt_id is null and in_reply_to is not null;
create index wa_message_lead_idx on wa_message (lead_id, created_at);
create index wa_message_created_idx on wa_message (created_at desc);

-- A word heard at the door and not yet acted on. Its row is written first, in a transaction of its
-- own, so that nothing heard can be lost; the transaction that acts on it deletes it. Nearly always empty.
create table inbound_event (
    id              uuid primary key,
    sender          text not null,
    payload         jsonb not null,
    received_at     timestamptz not null,
    acknowledged_at timestamptz not null,
    failures        integer not null default 0,
    constraint inbound_event_not_after_receipt check (acknowledged_at <= received_at)
);
comment on column inbound_event.acknowledged_at is
    'The time that it counts for: the message''s own, never later than its receipt.';
create index inbound_event_sender_idx on inbound_event (sender);
