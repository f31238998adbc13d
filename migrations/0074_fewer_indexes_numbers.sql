-- no-transaction
drop index concurrently if exists distribution_attempt_offered_to_idx;
