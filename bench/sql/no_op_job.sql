-- A job that does nothing: taken and deleted, each in a transaction of its own, as workers do.
with due as (select id from apalis.jobs where job_type = 'bench-no-op' and priority = 0 and status = 'Pending'
             and run_at <= now() order by run_at limit 1 for update skip locked)
update apalis.jobs j set status = 'Running', lock_at = now() from due where j.id = due.id returning j.id as job \gset
delete from apalis.jobs where id = :job;
