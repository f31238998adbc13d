-- The audit runs in one worker at a time, and its statements have one plan each.

-- When the audit is due next. The worker that moves it on runs the audit.
create table audit_run (
    only_row boolean primary key default true constraint audit_run_has_one_row check (only_row),
    due_at   timestamptz not null
);
insert into audit_run (due_at) values ('-infinity');

-- The last event of an attempt. With the attempt alone as key, old statistics made the planner walk the primary
-- key backwards for each attempt.
create index distribution_event_attempt_last_idx on distribution_event (attempt_id, id) where attempt_id is not null;
drop index distribution_event_attempt_idx;

-- Rows that are written several times in their first minutes: room on their page for the next version (HOT), and
-- statistics that follow a busy hour.
alter table lead set (fillfactor = 80);
alter table distribution_cycle set (fillfactor = 80);
alter table distribution_attempt set (fillfactor = 70, autovacuum_analyze_scale_factor = 0.02);
alter table wa_message set (fillfactor = 80);
alter table inbound_event set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
