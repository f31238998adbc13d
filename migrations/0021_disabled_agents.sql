-- What becomes of the leads and visits of an agent who is disabled. The admin chooses it in the call that
-- disables the agent; a job carries it out, lead by lead.

create table agent_handover (
    id        uuid primary key,
    agent_id  text not null references "user" (id) on delete cascade,
    -- `list`: the leads stay and are listed for the managers. `colleague`: they go to `to_agent`.
    -- `distribute`: they are offered again.
    leads     text not null constraint agent_handover_leads_check check (leads in ('list', 'colleague', 'distribute')),
    to_agent  text references "user" (id) on delete cascade,
    by_user   text references "user" (id) on delete set null,
    begun_at  timestamptz not null,
    ended_at  timestamptz,
    -- How many leads moved, and how many are left for a person.
    moved     integer not null default 0,
    remaining integer not null default 0,
    constraint agent_handover_colleague check ((leads = 'colleague') = (to_agent is not null)),
    constraint agent_handover_to_somebody_else check (to_agent <> agent_id)
);
create index agent_handover_agent_idx on agent_handover (agent_id, begun_at desc);

alter table wa_message
    -- Not sent before this time: a notice that collects what else happens until then.
    add column not_before timestamptz,
    -- How many events the notice is about.
    add column covers integer not null default 1;
alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo', 'reminder_agent', 'reminder_client', 'test',
                                       'disabled', 'handed_over', 'manager_client_wrote', 'manager_agent_disabled',
                                       'manager_merge', 'owner_merge')));
