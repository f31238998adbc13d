-- A user who may not sign in any more. What they did stays theirs.
alter table "user" add column disabled_at timestamptz;
