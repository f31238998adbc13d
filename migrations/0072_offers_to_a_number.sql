-- no-transaction
create index concurrently if not exists distribution_attempt_of_number_idx on distribution_attempt (offered_to, assigned_at) where coalesce(closed_at, 'infinity') = 'infinity';
