-- The tables of the server that Property Lounge replaced, as far as an enquiry writes them.
create schema previous;
create table previous.sales_queue (sales_id text primary key, queue_order integer not null unique, label text not null, phone text not null);
create table previous.lead (
    id text primary key, name text, phone text not null unique, source_ads text, status text not null,
    progress text not null, owner_sales_id text, created_at timestamptz not null, updated_at timestamptz not null);
create table previous.distribution_cycle (
    id text primary key, lead_id text not null references previous.lead (id), status text not null,
    started_at timestamptz not null, closed_at timestamptz);
create table previous.distribution_attempt (
    id text primary key, cycle_id text not null references previous.distribution_cycle (id),
    sales_id text not null references previous.sales_queue (sales_id), queue_order integer not null,
    status text not null, assigned_at timestamptz not null, ack_deadline_at timestamptz not null);
create index on previous.distribution_attempt (ack_deadline_at) where status = 'waiting_ok';
create table previous.wa_message (
    id text primary key, lead_id text references previous.lead (id), direction text not null, from_wa text,
    to_wa text, body text not null, created_at timestamptz not null);
insert into previous.sales_queue
select 'sales-' || lower(label), position, label, '+628111000000' || position
from unnest(array['A', 'B', 'C', 'D', 'E', 'F']) with ordinality as place (label, position);
