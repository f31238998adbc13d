-- When the session's user last gave the password: at the sign-in, or again before an export, a change of a user or a reset of the
-- phone. Sessions of before are asked once.
alter table session add column confirmed_at timestamptz;
