-- What a form told its readers before they sent it: its purpose, the privacy policy, the boxes to tick. A form that changed has
-- several. UU PDP wants consent to be provable.
create table meta_form_terms (
    id      uuid primary key,
    form_id text not null references meta_form (id),
    -- As Graph has it: `legal_content`, `privacy_policy_url`, `name`, `locale`.
    terms   jsonb not null,
    seen_at timestamptz not null
);
create unique index meta_form_terms_once on meta_form_terms (form_id, md5(terms::text));
-- When the form's terms are read next. Null: they never were.
alter table meta_form add column terms_due_at timestamptz;
-- The terms of the form when the lead was fetched.
alter table meta_lead add column terms_id uuid references meta_form_terms (id);
