-- no-transaction
drop index concurrently if exists lead_distributing_idx;
