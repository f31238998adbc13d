-- A password is known only while somebody sets it. This says whether it passed the rule of admins and operators then; the
-- passwords of before are not known to.
alter table account add column fits_admins boolean not null default false;
