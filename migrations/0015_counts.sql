-- How many leads of each status, everybody's or one agent's: read from this small index alone.
create index lead_owner_status_idx on lead (owner_sales_id, status);
