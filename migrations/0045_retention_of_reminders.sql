-- A reminder stays when its text is gone.
alter table appointment_reminder drop constraint appointment_reminder_message_id_fkey;
alter table appointment_reminder add constraint appointment_reminder_message_id_fkey
    foreign key (message_id) references wa_message (id) on delete set null not valid;
