-- The jobs of an operator's filter as one value. Processes of the version before call the function with seven parameters, which a
-- later version drops.
--
-- A part of the filter that is absent or null fits every job. `idBefore`: a job's id says when it was enqueued.
create function jobs_that_fit(filter jsonb, at timestamptz) returns setof apalis.jobs language sql stable as $$
    select j.* from apalis.jobs j
    where (filter ->> 'ids' is null or filter -> 'ids' ? j.id)
      and (filter ->> 'queue' is null or j.job_type = filter ->> 'queue')
      and (filter ->> 'state' is null or job_state(j, at) = filter ->> 'state')
      and (filter ->> 'errorClass' is null or j.last_result ->> 'Class' = filter ->> 'errorClass')
      and (filter ->> 'payload' is null or position(convert_to(filter ->> 'payload', 'UTF8') in j.job) > 0)
      and (filter ->> 'idBefore' is null or j.id <= filter ->> 'idBefore')
$$;
