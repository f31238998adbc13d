-- Parts of webhook deliveries that could not be read, and events of the WhatsApp account.

-- One part of a delivery that was not understood. The delivery itself stays until no part of it is open.
create table webhook_unread (
    id          uuid primary key,
    delivery_id uuid not null references webhook_delivery (id) on delete cascade,
    -- Where in the delivery, for example `entry/0/changes/1/messages/0`. Empty: the whole delivery.
    place       text not null,
    -- A stable word for programs: `no_sender`, `another_number` …
    reason      text not null,
    found_at    timestamptz not null,
    -- When a person closed it, or when it was read after all.
    closed_at   timestamptz,
    closed_by   text references "user" (id) on delete set null,
    constraint webhook_unread_once unique (delivery_id, place)
);
create index webhook_unread_open_idx on webhook_unread (found_at) where closed_at is null;

-- What Meta reports about the account: restrictions, templates, quality of the number, security.
create table whatsapp_account_event (
    id          uuid primary key,
    delivery_id uuid references webhook_delivery (id) on delete set null,
    place       text not null,
    -- Meta's name of the change's field: `account_update`, `message_template_status_update` …
    field       text not null,
    -- Meta's word for the event: `DISABLED_UPDATE`, `REJECTED` …
    event       text not null,
    -- `danger`: messages may stop. The managers were told.
    severity    text not null constraint whatsapp_account_event_severity_check check (severity in ('info', 'danger')),
    detail      jsonb not null,
    received_at timestamptz not null,
    constraint whatsapp_account_event_once unique (delivery_id, place)
);
create index whatsapp_account_event_received_idx on whatsapp_account_event (received_at);

alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo', 'reminder_agent', 'reminder_client', 'test',
                                       'disabled', 'handed_over', 'manager_client_wrote', 'manager_agent_disabled',
                                       'manager_merge', 'owner_merge', 'manager_warning', 'offer_hint')));
-- The lists by whose numbers an agent can answer, and the hints, which are limited.
create index wa_message_list_idx on wa_message (to_wa, created_at)
    where direction = 'out' and kind in ('ambiguous', 'queue', 'offer_hint');
