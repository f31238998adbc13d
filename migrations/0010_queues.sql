-- Several queues, each with its own rule for who is next; the seed's one queue is the default, which
-- cannot be deleted and takes whatever no rule sends elsewhere.

create table distribution_queue (
    id                      uuid primary key default gen_random_uuid(),
    name                    text not null constraint distribution_queue_name_key unique,
    is_default              boolean not null default false,
    strategy                text not null default 'fixed' constraint distribution_queue_strategy_check
                                check (strategy in ('fixed', 'rotating', 'weighted')),
    -- How many turns a skipped agent can be owed at most; null: all of them.
    most_turns_owed         integer default 1 constraint distribution_queue_owed_check check (most_turns_owed >= 0),
    -- The pause between two leads that were held and are released in the morning.
    release_stagger_seconds integer not null default 20 constraint distribution_queue_stagger_check
                                check (release_stagger_seconds between 0 and 3600),
    -- What may follow when nobody answered; each off, as the seed has none of it.
    last_round              boolean not null default false,
    second_chance           boolean not null default false,
    manager_phones          text[] not null default '{}',
    constraint distribution_queue_name_says_something check (btrim(name) <> '')
);
create unique index distribution_queue_one_default on distribution_queue (is_default) where is_default;

create function refuse_to_lose_the_default_queue() returns trigger language plpgsql as $$
begin
    raise exception 'the default queue cannot be deleted' using errcode = 'restrict_violation';
end
$$;
create trigger distribution_queue_keep_default before delete on distribution_queue
    for each row when (old.is_default) execute function refuse_to_lose_the_default_queue();

insert into distribution_queue (name, is_default) values ('Antrian utama', true);

create function default_distribution_queue() returns uuid language sql stable as
    'select id from distribution_queue where is_default';

alter table sales_queue
    add column queue_id uuid not null default default_distribution_queue()
        references distribution_queue (id) on delete cascade,
    add column weight integer not null default 1 constraint sales_queue_weight_positive
        check (weight between 1 and 1000),
    -- What this place is owed, in parts of a turn (720720000000 a turn); negative: it is ahead.
    add column credit bigint not null default 0,
    drop constraint sales_queue_sales_id_key,
    drop constraint sales_queue_order_key,
    add constraint sales_queue_sales_id_key unique (queue_id, sales_id),
    add constraint sales_queue_order_key unique (queue_id, queue_order) deferrable initially immediate;

-- Which leads go to which queue: every named part must fit (`*` stands for anything); the lowest
-- priority number wins.
create table distribution_queue_rule (
    id       uuid primary key default gen_random_uuid(),
    queue_id uuid not null references distribution_queue (id) on delete cascade,
    priority integer not null default 100,
    project  text,
    campaign text,
    source   text,
    constraint distribution_queue_rule_says_something check (num_nonnulls(project, campaign, source) > 0)
);
-- Whether a rule's part fits: unset fits anything; case does not matter; `*` stands for any text.
create function fits(wanted text, given text) returns boolean language sql immutable as $$
    select wanted is null
        or coalesce(lower(btrim(given)) like replace(replace(replace(replace(lower(btrim(wanted)),
               '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), false)
$$;
create index distribution_queue_rule_queue_idx on distribution_queue_rule (queue_id);

alter table lead add column project text, add column area text;
alter table lead_enquiry add column project text, add column campaign text, add column area text;

alter table distribution_cycle
    add column queue_id uuid references distribution_queue (id) on delete set null,
    add column strategy text not null default 'fixed' constraint distribution_cycle_strategy_check
        check (strategy in ('fixed', 'rotating', 'weighted')),
    -- Held until then; null while held: until somebody can take it.
    add column resume_at timestamptz,
    -- The agent who had this client before, and is asked first.
    add column sticky_sales_id text references "user" (id),
    add column last_round_at timestamptz,
    -- What a manager calls the lead that nobody took.
    add column code text,
    add constraint distribution_cycle_resume check (resume_at is null or status = 'held'),
    drop constraint distribution_cycle_trigger_check,
    add constraint distribution_cycle_trigger_check check (trigger in ('ad', 'chat', 'admin'));
update distribution_cycle set queue_id = default_distribution_queue();
create index distribution_cycle_queue_idx on distribution_cycle (queue_id, started_at);
create index distribution_cycle_code_idx on distribution_cycle (code, started_at desc) where code is not null;

alter table distribution_cycle_member
    add column weight integer not null default 1 constraint distribution_cycle_member_weight_positive check (weight >= 1),
    -- Asked first because the client was theirs; has no turn in this queue.
    add column guest boolean not null default false;

alter table distribution_attempt
    -- `turn`: offered to this agent alone. `last_round`: to everybody who was left, the first OK wins.
    add column round text not null default 'turn' constraint distribution_attempt_round_check
        check (round in ('turn', 'last_round', 'by_hand')),
    add column offered_to text;
comment on column distribution_attempt.offered_to is
    'The number that the offer goes to: the agent''s when it was made, whatever it is changed to later.';
drop index distribution_attempt_one_open_per_cycle;
create unique index distribution_attempt_one_open_per_cycle on distribution_attempt (cycle_id)
    where status = 'open' and round = 'turn';
create unique index distribution_attempt_one_open_per_agent on distribution_attempt (cycle_id, sales_id)
    where status = 'open';
create index distribution_attempt_offered_to_idx on distribution_attempt (offered_to) where status = 'open';

alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer')));
drop index wa_message_unhelpful_idx;
create index wa_message_unhelpful_idx on wa_message (to_wa, created_at)
    where direction = 'out' and kind in ('nothing_open', 'ambiguous', 'help', 'queue', 'manager_answer');
drop index wa_message_act_idx;
create index wa_message_act_idx on wa_message (from_wa, created_at)
    where direction = 'in' and outcome in ('accepted', 'declined', 'assigned');
-- A manager hears once that a cycle waits, and once that nobody took it.
create unique index wa_message_one_alert_per_cycle on wa_message (cycle_id, to_wa, kind)
    where kind in ('manager_hangus', 'manager_held');
