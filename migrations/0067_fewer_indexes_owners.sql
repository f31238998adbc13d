-- no-transaction
drop index concurrently if exists lead_owner_idx;
