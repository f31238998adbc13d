-- no-transaction
create index concurrently if not exists wa_send_resend_idx on wa_send (resend_of) where resend_of is not null;
