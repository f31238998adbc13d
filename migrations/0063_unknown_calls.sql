-- Of the failed calls of a message, those without a known outcome: the recipient may have the message as often. A call that the
-- provider refused, or that did not reach it, is none of them.
alter table wa_message add column unknown_calls integer not null default 0;
