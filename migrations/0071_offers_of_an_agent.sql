-- no-transaction
-- The open offers of an agent by their codes. Open offers have three indexes, and each states in its own words that an offer is open,
-- so that a statement can use no other index than the one that it means (ADR 16).
create unique index concurrently if not exists distribution_attempt_code_of_agent on distribution_attempt (sales_id, code) where closed_at is null;
