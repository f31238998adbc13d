-- Old messages are deleted. A reply stays when the message that it answers is gone.
alter table wa_message drop constraint wa_message_in_reply_to_fkey;
alter table wa_message add constraint wa_message_in_reply_to_fkey
    foreign key (in_reply_to) references wa_message (id) on delete set null not valid;
