-- no-transaction
drop index concurrently if exists live_change_written_idx;
