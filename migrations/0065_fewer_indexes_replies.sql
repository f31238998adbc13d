-- no-transaction
drop index concurrently if exists wa_message_in_reply_to_idx;
