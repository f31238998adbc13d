-- A list of leads that an admin uploads: each row, what is to become of it, and what became of it.
create table lead_list (
    id         uuid primary key,
    file_name  text,
    by_user_id text references "user" (id) on delete set null,
    state      text not null default 'preview' constraint lead_list_state_check check (state in ('preview', 'running', 'done')),
    created_at timestamptz not null,
    started_at timestamptz,
    ended_at   timestamptz,
    constraint lead_list_started check ((state = 'preview') = (started_at is null)),
    constraint lead_list_ended check ((state = 'done') = (ended_at is not null))
);
create index lead_list_created_idx on lead_list (created_at desc, id desc);

create table lead_list_row (
    list_id     uuid not null references lead_list (id) on delete cascade,
    -- The row of the file; the line of headings is row 1.
    n           integer not null,
    -- The number as it stands in the file.
    given_phone text not null,
    phone       text,
    name        text,
    source      text,
    project     text,
    note        text,
    owner_id    text references "user" (id) on delete set null,
    state       text not null constraint lead_list_row_state_check check (state in ('ready', 'entered', 'duplicate', 'refused')),
    reason      text,
    lead_id     uuid references lead (id),
    primary key (list_id, n),
    constraint lead_list_row_ready check (state <> 'ready' or phone is not null),
    constraint lead_list_row_entered check (state <> 'entered' or lead_id is not null),
    constraint lead_list_row_refused check (state <> 'refused' or reason is not null)
);
create index lead_list_row_ready_idx on lead_list_row (list_id, n) where state = 'ready';
