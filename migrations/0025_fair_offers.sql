-- A freeze opens by failures of several recipients, and every message has a limit of calls.

alter table provider_health
    -- Whose messages failed since the last success: hashes of their addresses, each once.
    add column recipients integer[] not null default '{}';
alter table wa_message
    -- Calls to the provider that failed.
    add column calls integer not null default 0;
