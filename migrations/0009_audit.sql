-- The audit reads what is under way, every few seconds, and never the past.
create index distribution_cycle_open_idx on distribution_cycle (id) where status = 'open';
create index lead_distributing_idx on lead (id) where status = 'distributing';
