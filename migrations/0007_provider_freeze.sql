-- How each provider is doing. While one is frozen no offer rolls: agents cannot be blamed for what
-- they were never sent.

create table provider_health (
    provider      text primary key,
    failures      integer not null default 0,
    failing_since timestamptz,
    frozen_since  timestamptz,
    reason        text,
    constraint provider_health_failing check ((failures > 0) = (failing_since is not null)),
    constraint provider_health_frozen check (frozen_since is null or (failures > 0 and reason is not null))
);
comment on table provider_health is
    'A row once a provider has failed. failures: in a row, since failing_since; a success ends both.';
