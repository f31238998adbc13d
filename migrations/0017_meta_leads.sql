-- Leads from Meta's forms: announced by a webhook or found by looking, fetched from Graph, taken once.

create table meta_form (
    -- Meta's id: digits, and kept as text, since they exceed what programs count exactly.
    id          text primary key,
    page_id     text,
    name        text,
    project     text,
    -- Which question holds what, where the name does not say: {"nomor_hp_aktif": "phone"}.
    fields      jsonb not null default '{}',
    -- Leads that were made before this have been looked for.
    looked_until timestamptz
);

create table meta_lead (
    id            text primary key,
    form_id       text references meta_form (id),
    page_id       text,
    ad_id         text,
    ad_name       text,
    campaign_id   text,
    campaign_name text,
    platform      text,
    made_at       timestamptz,
    heard_at      timestamptz not null,
    -- `reconciled`: its webhook never came.
    heard_by      text not null constraint meta_lead_heard_by_check check (heard_by in ('webhook', 'reconciled')),
    state         text not null default 'waiting' constraint meta_lead_state_check
                      check (state in ('waiting', 'taken', 'test', 'unusable')),
    reason        text,
    answers       jsonb,
    lead_id       uuid references lead (id) on delete set null,
    constraint meta_lead_taken check (state <> 'unusable' or reason is not null)
);
create index meta_lead_waiting_idx on meta_lead (heard_at) where state = 'waiting';
create index meta_lead_lead_idx on meta_lead (lead_id) where lead_id is not null;

-- What became of a lead, told to Meta once: the way back to the ad.
create table conversion_event (
    id           uuid primary key,
    lead_id      uuid not null references lead (id) on delete cascade,
    meta_lead_id text not null,
    name         text not null,
    at           timestamptz not null,
    sent_at      timestamptz,
    failure      text,
    constraint conversion_event_once unique (meta_lead_id, name)
);
