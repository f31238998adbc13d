-- no-transaction
create index concurrently if not exists wa_message_in_reply_to_idx on wa_message (in_reply_to) where in_reply_to is not null;
