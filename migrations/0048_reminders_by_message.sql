-- no-transaction
create index concurrently if not exists appointment_reminder_message_idx on appointment_reminder (message_id) where message_id is not null;
