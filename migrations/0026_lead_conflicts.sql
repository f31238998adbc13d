-- Two leads with different owners that turn out to be one person. Nothing is merged until a person decides.
create table lead_conflict (
    id         uuid primary key,
    one        uuid not null references lead (id) on delete cascade,
    other      uuid not null references lead (id) on delete cascade,
    found_at   timestamptz not null,
    decided_at timestamptz,
    decided_by text references "user" (id) on delete set null,
    -- The lead that stays; null: both stay.
    keep       uuid references lead (id) on delete cascade,
    constraint lead_conflict_once unique (one, other),
    constraint lead_conflict_ordered check (one < other)
);
create index lead_conflict_other_idx on lead_conflict (other);
create index lead_conflict_open_idx on lead_conflict (found_at) where decided_at is null;
