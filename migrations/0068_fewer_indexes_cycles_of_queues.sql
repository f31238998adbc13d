-- no-transaction
drop index concurrently if exists distribution_cycle_queue_idx;
