-- A person who asked about a property. One row a person; what they asked, and when, is lead_enquiry.

create table lead (
    id             uuid primary key,
    name           text,
    phone          text constraint lead_phone_key unique
                        constraint lead_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    status         text not null constraint lead_status_check
                        check (status in ('new', 'distributing', 'claimed', 'hangus', 'closed')),
    progress       text not null default 'pending' constraint lead_progress_check
                        check (progress in ('pending', 'no-action', 'contacted', 'follow-up', 'visit',
                                            'negotiation', 'won', 'lost')),
    owner_sales_id text references "user" (id),
    locked_at      timestamptz,
    source_ads     text,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    constraint lead_owner_is_locked check ((owner_sales_id is null) = (locked_at is null)),
    constraint lead_claimed_has_owner check (status <> 'claimed' or owner_sales_id is not null),
    constraint lead_open_has_no_owner check (status not in ('new', 'distributing', 'hangus') or owner_sales_id is null),
    constraint lead_hangus_is_no_action check (status <> 'hangus' or progress = 'no-action')
);
create index lead_owner_idx on lead (owner_sales_id) where owner_sales_id is not null;
create index lead_created_idx on lead (created_at desc);

-- Each time the person asked: an ad form filled in, or the chat message that opened a cycle.
create table lead_enquiry (
    id           uuid primary key,
    lead_id      uuid not null references lead (id),
    kind         text not null constraint lead_enquiry_kind_check check (kind in ('ad', 'chat')),
    meta_lead_id text constraint lead_enquiry_meta_lead_id_key unique,
    source_ads   text,
    received_at  timestamptz not null,
    constraint lead_enquiry_ad_is_named check (kind <> 'ad' or meta_lead_id is not null)
);
create index lead_enquiry_lead_idx on lead_enquiry (lead_id, received_at);
