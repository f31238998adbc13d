-- The office: company hours, who covers for whom, rules by words, ready answers.

-- A rule can name words: one of these, separated by commas, is in the client's first message.
alter table distribution_queue_rule
    add column words text,
    drop constraint distribution_queue_rule_says_something,
    add constraint distribution_queue_rule_says_something check (num_nonnulls(project, campaign, source, words) > 0);
create function says(wanted text, given text) returns boolean language sql immutable as $$
    select wanted is null
        or coalesce((select bool_or(' ' || btrim(regexp_replace(lower(given), '[^[:alnum:]]+', ' ', 'g')) || ' '
                                    like '% ' || btrim(regexp_replace(lower(word), '[^[:alnum:]]+', ' ', 'g')) || ' %')
                     from unnest(string_to_array(wanted, ',')) word
                     where word ~ '[[:alnum:]]'), false)
$$;

-- The working hours of agents who have none of their own. No row: they always work, as on the previous server.
create table company_hours (
    weekday integer not null constraint company_hours_weekday check (weekday between 1 and 7),
    opens   time not null,
    closes  time not null,
    -- Of agents who have no zone of their own.
    timezone text not null,
    primary key (weekday, opens),
    constraint company_hours_forward check (closes > opens)
);

-- Who hears a client whose agent is away: a colleague, or whoever of a queue is on duty.
alter table agent_availability
    add column cover_sales_id text references "user" (id) on delete set null,
    add column cover_queue_id uuid references distribution_queue (id) on delete set null,
    add constraint agent_availability_one_cover check (num_nonnulls(cover_sales_id, cover_queue_id) <= 1),
    add constraint agent_availability_cover_is_another check (cover_sales_id <> sales_id);

-- Ready answers that agents send from the company's number: `/harga`.
create table snippet (
    id         uuid primary key,
    word       text not null constraint snippet_word_check check (word ~ '^[a-z0-9]{1,30}$'),
    -- Null: for every project that has none of its own.
    project    text,
    body       text not null constraint snippet_body_check check (btrim(body) <> ''),
    updated_at timestamptz not null
);
create unique index snippet_word_of_project on snippet (word, lower(coalesce(project, '')));
