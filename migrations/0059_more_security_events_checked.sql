-- The check of 0058, without the lock that its table was changed under.
alter table security_event validate constraint security_event_kind_check;
