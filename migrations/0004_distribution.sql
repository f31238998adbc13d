-- Who is offered which lead, until when. The invariants of the project are constraints here:
--   at most one open cycle per lead, one open attempt per cycle, one accepted attempt per cycle;
--   an attempt is never timed out before its deadline, nor accepted at or after it.
-- Rows are locked in one order everywhere: lead, cycle, attempt.

create table distribution_cycle (
    id         uuid primary key,
    lead_id    uuid not null references lead (id),
    status     text not null constraint distribution_cycle_status_check
                    check (status in ('open', 'held', 'accepted', 'assigned', 'hangus', 'cancelled')),
    trigger    text not null constraint distribution_cycle_trigger_check check (trigger in ('ad', 'chat')),
    started_at timestamptz not null,
    closed_at  timestamptz,
    constraint distribution_cycle_closed check ((status in ('open', 'held')) = (closed_at is null))
);
create unique index distribution_cycle_one_open_per_lead on distribution_cycle (lead_id)
    where status in ('open', 'held');
create index distribution_cycle_lead_idx on distribution_cycle (lead_id, started_at);
create index distribution_cycle_started_idx on distribution_cycle (started_at desc);
create index distribution_cycle_held_idx on distribution_cycle (started_at) where status = 'held';

-- The queue as it was when the cycle started; later edits never change a running cycle.
create table distribution_cycle_member (
    cycle_id uuid not null references distribution_cycle (id) on delete cascade,
    seat     integer not null constraint distribution_cycle_member_seat_positive check (seat >= 1),
    sales_id text not null references "user" (id),
    label    text not null,
    primary key (cycle_id, seat),
    constraint distribution_cycle_member_once unique (cycle_id, sales_id)
);

create table distribution_attempt (
    id                uuid primary key,
    cycle_id          uuid not null references distribution_cycle (id),
    sales_id          text not null references "user" (id),
    position          integer not null constraint distribution_attempt_position_positive check (position >= 1),
    status            text not null constraint distribution_attempt_status_check
                          check (status in ('open', 'accepted', 'timed_out', 'declined', 'undeliverable',
                                            'withdrawn', 'assigned')),
    reason            text,
    assigned_at       timestamptz not null,
    ack_deadline_at   timestamptz not null,
    offer_accepted_at timestamptz,
    acknowledged_at   timestamptz,
    closed_at         timestamptz,
    constraint distribution_attempt_position_key unique (cycle_id, position),
    constraint distribution_attempt_window check (ack_deadline_at > assigned_at),
    constraint distribution_attempt_closed check ((status = 'open') = (closed_at is null)),
    constraint distribution_attempt_never_early check (status <> 'timed_out' or closed_at >= ack_deadline_at),
    constraint distribution_attempt_never_late check
        (status <> 'accepted' or (acknowledged_at is not null and acknowledged_at < ack_deadline_at)),
    -- An OK that was sent before the offer was made is not for it; WhatsApp's times are whole seconds.
    constraint distribution_attempt_never_before check (acknowledged_at >= assigned_at - interval '1 second')
);
comment on column distribution_attempt.offer_accepted_at is
    'When the provider took the offer; more than a second after assigned_at it moves ack_deadline_at, once, forward.';
comment on column distribution_attempt.acknowledged_at is
    'The time that the agent''s OK counts for: its message''s own time, never later than its receipt.';
create unique index distribution_attempt_one_open_per_cycle on distribution_attempt (cycle_id) where status = 'open';
create unique index distribution_attempt_one_accepted_per_cycle on distribution_attempt (cycle_id)
    where status in ('accepted', 'assigned');
create index distribution_attempt_deadline_idx on distribution_attempt (ack_deadline_at) where status = 'open';
create index distribution_attempt_open_by_sales_idx on distribution_attempt (sales_id) where status = 'open';
create index distribution_attempt_by_sales_idx on distribution_attempt (sales_id, assigned_at desc);
create index distribution_attempt_assigned_idx on distribution_attempt (assigned_at desc);
