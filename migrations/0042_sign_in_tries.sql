-- Wrong passwords of each account, for all processes. An account without a user is one of 4,096 buckets of addresses that
-- nobody has, so that neither the answers nor the size of the table tell who exists.
create table sign_in_try (
    account       text primary key,
    failures      integer not null constraint sign_in_try_failures_positive check (failures >= 1),
    last_at       timestamptz not null,
    blocked_until timestamptz not null,
    constraint sign_in_try_order check (blocked_until >= last_at)
);
