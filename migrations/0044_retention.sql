-- Old messages are deleted. A reply stays when the message that it answers is gone, and a reminder when its text is.
alter table wa_message drop constraint wa_message_in_reply_to_fkey;
alter table wa_message add constraint wa_message_in_reply_to_fkey
    foreign key (in_reply_to) references wa_message (id) on delete set null not valid;
alter table appointment_reminder drop constraint appointment_reminder_message_id_fkey;
alter table appointment_reminder add constraint appointment_reminder_message_id_fkey
    foreign key (message_id) references wa_message (id) on delete set null not valid;
create index appointment_reminder_message_idx on appointment_reminder (message_id) where message_id is not null;
