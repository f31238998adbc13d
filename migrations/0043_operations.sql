-- What the people who run the system need.

-- An operator sees jobs, processes and figures, and no lead.
alter table "user" drop constraint user_role_check;
alter table "user" add constraint user_role_check check (role in ('admin', 'sales', 'operator')) not valid;
alter table "user" validate constraint user_role_check;

-- Every process that runs, or ran until a moment ago. A process writes its row every ten seconds and deletes it when it stops.
create table process (
    id         uuid primary key,
    kind       text not null constraint process_kind_check check (kind in ('api', 'worker', 'device')),
    -- Its name in the event log: `worker/4711`.
    instance   text not null,
    host       text not null,
    pid        integer not null,
    version    text not null,
    -- The last migration that its binary knows.
    schema     bigint not null,
    started_at timestamptz not null,
    seen_at    timestamptz not null
);

-- Queues whose jobs no worker fetches, until an operator resumes them.
create table job_pause (
    queue     text primary key,
    paused_at timestamptz not null,
    paused_by text not null
);

-- The failed tries of jobs, also of those that are done since.
create table job_failure (
    job_id      text not null,
    tried       integer not null,
    queue       text not null,
    error_class text not null,
    reason      text not null,
    failed_at   timestamptz not null,
    primary key (job_id, tried)
);
create index job_failure_failed_at_idx on job_failure (failed_at);

-- What operators did, and who.
create table operator_action (
    id      uuid primary key,
    at      timestamptz not null,
    by_whom text not null,
    action  text not null,
    subject jsonb not null,
    rows    bigint not null constraint operator_action_rows_positive check (rows >= 0)
);
create index operator_action_at_idx on operator_action (at desc, id);

-- What a job does at an instant: `waiting`, `scheduled`, `retrying`, `running` or `dead`.
create function job_state(job apalis.jobs, at timestamptz) returns text language sql immutable as $$
    select case
        when job.status in ('Queued', 'Running') then 'running'
        when job.status = 'Pending' or (job.status = 'Failed' and job.attempts < job.max_attempts) then
            case when job.run_at <= at then 'waiting' when job.attempts > 0 then 'retrying' else 'scheduled' end
        else 'dead'
    end
$$;

-- Whether an operator's action can change a job: dead letters are tried again, jobs that wait for their time run now, and
-- everything is discarded that does not run and is not being discarded.
create function job_can(action text, job apalis.jobs, at timestamptz) returns boolean language sql immutable as $$
    select case action
        -- An offer that was given up is over, and the next agent was asked.
        when 'retry' then job_state(job, at) = 'dead' and job.job_type not like 'forward-lead-to-sales.%'
        when 'run_now' then job_state(job, at) in ('scheduled', 'retrying')
        when 'discard' then job_state(job, at) = 'dead'
                            -- A job whose last try was given to it a minute ago, and which no worker fetched, is discarded here.
                            or (job_state(job, at) <> 'running'
                                and (job.attempts < 1000000 or job.run_at < at - interval '1 minute'))
        else true
    end
$$;

-- The jobs of an operator's filter. A part that is null fits every job. A job's id says when it was enqueued.
create function jobs_that_fit(ids text[], state text, queue text, class text, payload bytea, enqueued_before text, at timestamptz)
    returns setof apalis.jobs language sql stable as $$
    select j.* from apalis.jobs j
    where (ids is null or j.id = any (ids))
      and (queue is null or j.job_type = queue)
      and (state is null or job_state(j, at) = state)
      and (class is null or j.last_result ->> 'Class' = class)
      and (payload is null or position(payload in j.job) > 0)
      and (enqueued_before is null or j.id <= enqueued_before)
$$;
