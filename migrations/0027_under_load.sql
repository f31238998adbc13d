-- What keeps the system steady under load.

-- Waits until the transactions that are storing a message of one of these senders have ended. The locks
-- belong to a subtransaction, and its end releases them at once, whatever happens: none can stay on a
-- pooled connection.
create function wait_for_messages(class integer, one integer, other integer) returns void language plpgsql as $$
begin
    begin
        perform pg_advisory_xact_lock(class, least(one, other));
        if one <> other then
            perform pg_advisory_xact_lock(class, greatest(one, other));
        end if;
        raise exception using errcode = 'PL001';
    exception when sqlstate 'PL001' then
        null;
    end;
end
$$;

-- A breach of a rule, one row for each rule and row: how often the audit found it, and when.
create table audit_breach (
    rule          text not null,
    -- The id of the attempt, cycle or lead; empty for a rule about the provider.
    subject       text not null,
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null,
    times         bigint not null default 1,
    primary key (rule, subject)
);
create index audit_breach_seen_idx on audit_breach (last_seen_at);
insert into audit_breach (rule, subject, first_seen_at, last_seen_at, times)
select coalesce(detail ->> 'rule', 'unknown'), coalesce(attempt_id::text, cycle_id::text, lead_id::text, ''),
       min(at), max(at), count(*)
from distribution_event where kind = 'breach' group by 1, 2;

create index wa_send_unsent_idx on wa_send (settled_at) where outcome = 'unsent';

-- Every change that is older is committed and visible: the oldest transaction of this database that is
-- running. A transaction of another database does not count, if its session is known.
create function live_horizon() returns xid8 language sql stable as $$
    select coalesce(
        (select min(x::text::bigint)::text::xid8 from pg_snapshot_xip(pg_current_snapshot()) x
         where not exists (select from pg_stat_activity s
                           where s.backend_xid is not null and s.datname <> current_database()
                             and s.backend_xid::text::bigint = x::text::bigint & 4294967295)),
        pg_snapshot_xmax(pg_current_snapshot()))
$$;
