-- Where a message was sent from, for traces: its statuses come by themselves, days later. Written only while traces are made.
create table message_trace (
    message_id  uuid primary key references wa_message (id) on delete cascade,
    -- In the form of the W3C's header: version, trace, span, flags.
    traceparent text not null check (traceparent ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
    at          timestamptz not null default now()
);

create index message_trace_at on message_trace (at);
