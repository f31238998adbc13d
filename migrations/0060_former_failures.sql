-- The failed tries of a job before an operator had it run again from its first try. Beside `job_failure`, whose rows older
-- workers write by job and try.
create table job_failure_former (
    job_id      text not null,
    tried       integer not null,
    queue       text not null,
    error_class text not null,
    reason      text not null,
    failed_at   timestamptz not null
);
create index job_failure_former_job_id_idx on job_failure_former (job_id);
create index job_failure_former_failed_at_idx on job_failure_former (failed_at);
