-- Short codes, by which an agent names one of several offers ("OK A17"), passing, and taking an
-- offer back from an agent when an earlier one's OK, in time, was heard late.

create sequence offer_code;
alter table distribution_attempt add column code text;
comment on column distribution_attempt.code is
    'What the agent calls the offer: unique among the offers that are open to them, not reused at once.';
create unique index distribution_attempt_open_code on distribution_attempt (sales_id, code) where status = 'open';

alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad')));
