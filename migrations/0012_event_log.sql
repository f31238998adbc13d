-- Everything that distribution decided, in order, written in the transaction that decided it, and
-- never changed.

create table distribution_event (
    id         bigint generated always as identity primary key,
    at         timestamptz not null,
    kind       text not null constraint distribution_event_kind_check check (kind in (
                   'started', 'held', 'released', 'offered', 'sent', 'deadline_moved', 'accepted', 'taken_back',
                   'declined', 'timed_out', 'undeliverable', 'withdrawn', 'last_round', 'late', 'assigned',
                   'hangus', 'cancelled', 'frozen', 'thawed', 'breach')),
    cause      text not null,
    lead_id    uuid,
    cycle_id   uuid,
    attempt_id uuid,
    sales_id   text,
    -- How long after its deadline a roll was, or an OK.
    lateness_us bigint,
    worker     text not null,
    -- Who could be asked, who was passed over and why, what they are owed: see docs/distribution.md.
    detail     jsonb
);
create index distribution_event_lead_idx on distribution_event (lead_id, id);
create index distribution_event_cycle_idx on distribution_event (cycle_id, id);
create index distribution_event_attempt_idx on distribution_event (attempt_id) where attempt_id is not null;
create index distribution_event_at_idx on distribution_event (at);
create index distribution_event_breach_idx on distribution_event (at) where kind = 'breach';
create index distribution_attempt_closed_idx on distribution_attempt (closed_at) where status <> 'open';
comment on table distribution_event is 'Append-only: a trigger refuses to change or remove a row.';

create function refuse_to_rewrite_history() returns trigger language plpgsql as $$
begin
    raise exception 'distribution_event is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger distribution_event_append_only before update or delete on distribution_event
    for each row execute function refuse_to_rewrite_history();
create trigger distribution_event_never_emptied before truncate on distribution_event
    for each statement execute function refuse_to_rewrite_history();

-- What was decided before there was a log, so that log and state agree from the first day.
insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
select at, kind, 'migration', lead_id, cycle_id, attempt_id, sales_id, 'migration' from (
    select c.started_at as at, 0 as step, 'started' as kind, c.lead_id, c.id as cycle_id,
           null::uuid as attempt_id, null::text as sales_id
    from distribution_cycle c
    union all
    select a.assigned_at, 1, 'offered', c.lead_id, c.id, a.id, a.sales_id
    from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
    union all
    select coalesce(a.closed_at, a.assigned_at), 2, a.status, c.lead_id, c.id, a.id, a.sales_id
    from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id where a.status <> 'open'
    union all
    select c.closed_at, 3, c.status, c.lead_id, c.id, null, null
    from distribution_cycle c where c.status in ('hangus', 'cancelled')
) past order by at, step;
