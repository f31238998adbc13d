-- no-transaction
drop index concurrently if exists distribution_event_cycle_idx;
