-- What a lead costs: one plan for each statement on its path, and no index or trigger that nobody uses.

-- The oldest open offer to a number is one entry of the index, however many are open.
drop index distribution_attempt_offered_to_idx;
create index distribution_attempt_offered_to_idx on distribution_attempt (offered_to, assigned_at) where status = 'open';
-- `distribution_attempt_open_code` begins with the agent, too.
drop index distribution_attempt_open_by_sales_idx;

-- apalis announces each job that is due with a NOTIFY, which makes transactions commit one after the other. Our
-- workers listen to our own announcements (`shared/src/jobs/enqueue.rs`).
alter table apalis.jobs disable trigger notify_workers;
-- Copies of `jobs_pkey` and `idx_apalis_jobs_lock_by`.
drop index if exists apalis.unique_job_id;
drop index if exists apalis.lidx;
