-- no-transaction
drop index concurrently if exists distribution_attempt_open_code;
