-- The rows that existed before: this reads them without keeping others from writing.
alter table wa_message validate constraint wa_message_in_reply_to_fkey;
alter table appointment_reminder validate constraint appointment_reminder_message_id_fkey;
