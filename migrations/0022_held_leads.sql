-- The line of held leads of each queue: when it is looked at next. While a lead of the queue is held, that
-- is never later than `DISTRIBUTION_POLL_MS` from the last look, so that whatever makes an agent available
-- is noticed. Jobs and the sweep only come at that time.

create table held_line (
    queue_id    uuid primary key references distribution_queue (id) on delete cascade,
    -- When the line is looked at next. Null: no lead of the queue is held.
    look_at     timestamptz,
    -- When a lead of the queue was last released. The next one follows one stagger later.
    released_at timestamptz,
    -- The latest `resume_at` that was given.
    last_at     timestamptz,
    -- Who was available or away until when, at the last look (a hash). When it differs, `resume_at` of the
    -- held cycles is written again.
    standing    text
);

update distribution_cycle set queue_id = default_distribution_queue() where queue_id is null and status = 'held';
insert into held_line (queue_id, look_at, last_at)
select queue_id, clock_timestamp(), max(resume_at) from distribution_cycle where status = 'held' group by queue_id;

drop index distribution_cycle_held_idx;
create index distribution_cycle_held_idx on distribution_cycle (queue_id, started_at, id) where status = 'held';
