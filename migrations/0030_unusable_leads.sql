-- Leads of forms without a usable number: an admin corrects, retries or discards them.

alter table meta_lead drop constraint meta_lead_state_check;
alter table meta_lead add constraint meta_lead_state_check
    check (state in ('waiting', 'taken', 'test', 'unusable', 'discarded'));
create index meta_lead_unusable_idx on meta_lead (heard_at) where state = 'unusable';
create index meta_lead_form_idx on meta_lead (form_id);
