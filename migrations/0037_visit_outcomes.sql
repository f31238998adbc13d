-- After a visit its agent is asked about its result.
alter table appointment
    add column outcome    text constraint appointment_outcome_check check (outcome in ('done', 'no_show', 'to_move')),
    add column outcome_at timestamptz,
    -- By which the agent names the visit: `K12`. Given when the agent is asked.
    add column code       text constraint appointment_code_key unique,
    add constraint appointment_outcome_has_time check ((outcome is null) = (outcome_at is null));

alter table appointment_change drop constraint appointment_change_kind_check;
alter table appointment_change add constraint appointment_change_kind_check check (
    kind in ('booked', 'moved', 'changed', 'cancelled', 'handed_over', 'done', 'no_show', 'to_move'));

-- The question is a reminder that comes after the visit.
alter table appointment_reminder drop constraint appointment_reminder_recipient_check;
alter table appointment_reminder add constraint appointment_reminder_recipient_check check (recipient in ('agent', 'client', 'outcome'));
alter table appointment_reminder drop constraint appointment_reminder_before;
alter table appointment_reminder add constraint appointment_reminder_before check (recipient = 'outcome' or due_at < starts_at);
alter table appointment_reminder drop constraint appointment_reminder_never_past;
alter table appointment_reminder add constraint appointment_reminder_never_past
    check (recipient = 'outcome' or state <> 'said' or ended_at < starts_at);

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
