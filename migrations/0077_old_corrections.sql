-- no-transaction
-- Corrections are pruned by age, also those of messages that are not stored.
create index concurrently if not exists wa_correction_at_idx on wa_correction (at);
