-- What agents make of their leads: the second layer of status, why one was rejected, and who changed
-- what when.

create table layer2_status (
    id          text primary key constraint layer2_status_slug check (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    label       text not null constraint layer2_status_label_says_something check (btrim(label) <> ''),
    position    integer not null,
    -- A lead of this status names a rejected_reason.
    is_rejected boolean not null default false,
    active      boolean not null default true
);
create table rejected_reason (
    id       text primary key constraint rejected_reason_slug check (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    label    text not null constraint rejected_reason_label_says_something check (btrim(label) <> ''),
    position integer not null,
    active   boolean not null default true
);

insert into layer2_status (id, label, position, is_rejected) values
    ('prospek', 'Prospek', 1, false),
    ('tertarik', 'Tertarik', 2, false),
    ('survei', 'Survei lokasi', 3, false),
    ('booking', 'Booking fee', 4, false),
    ('kpr', 'Proses KPR', 5, false),
    ('akad', 'Akad', 6, false),
    ('ditolak', 'Ditolak', 7, true);
insert into rejected_reason (id, label, position) values
    ('harga', 'Harga tidak cocok', 1),
    ('lokasi', 'Lokasi tidak cocok', 2),
    ('kpr-ditolak', 'KPR ditolak', 3),
    ('beli-di-tempat-lain', 'Sudah beli di tempat lain', 4),
    ('tidak-merespons', 'Tidak merespons', 5),
    ('nomor-salah', 'Nomor salah', 6),
    ('lainnya', 'Lainnya', 7);

alter table lead
    add column layer2_status_id text references layer2_status (id),
    add column rejected_reason_id text references rejected_reason (id),
    add column layer2_note text,
    add constraint lead_reason_has_status check (rejected_reason_id is null or layer2_status_id is not null);

-- Who changed what of a lead, by hand; what distribution did is in distribution_event.
create table lead_change (
    id         bigint generated always as identity primary key,
    lead_id    uuid not null references lead (id),
    at         timestamptz not null,
    by_user_id text references "user" (id) on delete set null,
    field      text not null constraint lead_change_field_check check (field in ('status', 'progress', 'layer2')),
    old_value  text,
    new_value  text,
    note       text
);
create index lead_change_lead_idx on lead_change (lead_id, id);

-- The list's orders and filters; the identity breaks ties, so that a page never skips or repeats one.
drop index lead_created_idx;
create index lead_created_idx on lead (created_at desc, id desc);
create index lead_status_created_idx on lead (status, created_at desc, id desc);
create index lead_progress_created_idx on lead (progress, created_at desc, id desc);
create index lead_owner_created_idx on lead (owner_sales_id, created_at desc, id desc) where owner_sales_id is not null;
create index lead_layer2_created_idx on lead (layer2_status_id, created_at desc, id desc) where layer2_status_id is not null;
create index lead_source_created_idx on lead (source_ads, created_at desc, id desc) where source_ads is not null;
create extension if not exists pg_trgm;
create index lead_text_idx on lead using gin ((coalesce(name, '') || ' ' || coalesce(phone, '')) gin_trgm_ops);
