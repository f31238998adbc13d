-- A form that repeats its predecessors is held for a person: not distributed, and in no figure.
alter table lead drop constraint lead_mark_check;
alter table lead add constraint lead_mark_check check (mark in ('test', 'junk', 'suspect'));

alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo', 'reminder_agent', 'reminder_client', 'test',
                                       'disabled', 'handed_over', 'manager_client_wrote', 'manager_agent_disabled',
                                       'manager_merge', 'owner_merge', 'manager_warning', 'offer_hint',
                                       'client_claimed', 'client_hangus', 'client_held', 'client_visit', 'lead_stopped', 'summary',
                                       'visit_question', 'visit_answer', 'snippet', 'snippet_answer', 'cover',
                                       'other_project')));
