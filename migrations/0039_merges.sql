-- What a merge moved, so that an admin can undo it within a day.
create table lead_merge (
    id        uuid primary key,
    keep_id   uuid not null references lead (id) on delete cascade,
    -- The lead that was merged, as its row was.
    lost_id   uuid not null,
    lost      jsonb not null,
    -- The row of the lead that stayed, before and after.
    kept      jsonb not null,
    became    jsonb not null,
    -- The keys of the rows that moved, by table.
    moved     jsonb not null,
    at        timestamptz not null,
    undone_at timestamptz,
    undone_by text references "user" (id) on delete set null
);
create index lead_merge_keep_idx on lead_merge (keep_id, at desc);
create index lead_list_row_lead_idx on lead_list_row (lead_id) where lead_id is not null;

alter table distribution_event drop constraint distribution_event_kind_check;
alter table distribution_event add constraint distribution_event_kind_check check (kind in (
    'started', 'held', 'released', 'offered', 'sent', 'deadline_moved', 'accepted', 'taken_back', 'declined', 'timed_out',
    'undeliverable', 'withdrawn', 'last_round', 'late', 'assigned', 'hangus', 'cancelled', 'frozen', 'thawed', 'merged',
    'resent', 'breach', 'split'));
