-- The leads that a handover has moved. A handover that is interrupted goes on with the rest of the leads,
-- and its summary still names those that it moved before.

create table agent_handover_lead (
    handover_id uuid not null references agent_handover (id) on delete cascade,
    lead_id     uuid not null references lead (id) on delete cascade,
    primary key (handover_id, lead_id)
);
create index agent_handover_lead_lead_idx on agent_handover_lead (lead_id);
