-- Meta can accept every call and report afterwards that the messages failed. Then only a status can tell that they arrive again.
alter table provider_health add column by_status boolean not null default false;
comment on column provider_health.by_status is
    'Statuses reported some of the failures: an accepted call does not end them, but a status of a message that left does.';
