-- The rows that existed before: this reads them without keeping others from writing.
alter table wa_message validate constraint wa_message_kind_check;
alter table wa_message validate constraint wa_message_delivery_check;
alter table distribution_event validate constraint distribution_event_kind_check;
