-- Emails are looked up without regard to case: rows of the previous server can have capitals.
create index user_email_lower_idx on "user" (lower(email));
