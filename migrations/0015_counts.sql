-- How many leads of each status, everybody's or one agent's: read from this small index alone.
create index lead_owner_status_idx on lead (owner_sales_id, status);
-- The same under a filter that many leads fit.
create index lead_layer2_status_idx on lead (layer2_status_id, status) where layer2_status_id is not null;
create index lead_source_status_idx on lead (source_ads, status) where source_ads is not null;
create index lead_progress_status_idx on lead (progress, status);
