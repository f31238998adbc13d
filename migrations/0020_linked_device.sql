-- The linked device (WA_PROVIDER=qr_local): what is wished of it, how it is, and its session.

-- One row. Admins write what they wish, from any api; the device process that holds the session writes how
-- it is. A number tells wishes apart: what was wished last is done when `handled` has reached it.
create table linked_device (
    provider          text primary key constraint linked_device_one check (provider = 'qr_local'),
    desired           text not null default 'started' constraint linked_device_desired_check check (desired in ('started', 'stopped')),
    request           bigint not null default 0,
    restart_request   bigint not null default 0,
    reset_request     bigint not null default 0,
    handled           bigint not null default 0,
    state             text not null default 'stopped' constraint linked_device_state_check check (state in (
                          'stopped', 'starting', 'scan_qr', 'pairing', 'passkey_required', 'connected', 'logged_out', 'failed')),
    reason            text,
    since             timestamptz not null default clock_timestamp(),
    -- Since when nobody is reached over it; null while it is connected.
    away_since        timestamptz default clock_timestamp(),
    -- Whether it goes on by itself; otherwise a person must.
    retrying          boolean not null default true,
    qr                text,
    qr_expires_at     timestamptz,
    pairing_code      text,
    number            text,
    last_error        text,
    last_error_at     timestamptz,
    last_received_at  timestamptz,
    last_sent_at      timestamptz,
    holder            text,
    seen_at           timestamptz,
    constraint linked_device_wishes check (
        handled <= request and restart_request <= request and reset_request <= request),
    constraint linked_device_away check ((away_since is null) = (state = 'connected')),
    constraint linked_device_qr check ((qr is null) = (qr_expires_at is null)),
    constraint linked_device_shows_what_can_be_used check (
        (qr is null or state = 'scan_qr') and (pairing_code is null or state = 'pairing'))
);
comment on column linked_device.seen_at is 'When the process that holds the session last said that it is there.';
comment on column linked_device.last_received_at is 'Anything at all from WhatsApp, not only messages: a socket can be open and dead.';
insert into linked_device (provider) values ('qr_local');

-- Who may write the session. A start, a reset and a takeover each raise the epoch; a write names the epoch
-- that it belongs to and is refused under another. A row of its own, since writers share its lock.
create table linked_device_epoch (
    provider text primary key references linked_device (provider),
    epoch    bigint not null default 0
);
insert into linked_device_epoch (provider) values ('qr_local');

-- The session: private keys, ratchets, what was decrypted and not yet handed on. Values are sealed with
-- WA_DEVICE_KEY (AES-256-GCM), bound to their row's name.
create table linked_device_secret (
    kind    text not null,
    key     text collate "C" not null,
    sub     text collate "C" not null default '',
    value   bytea not null,
    -- What must be looked for without opening values: a number of the kind's own (an id, a time).
    ordinal bigint not null default 0,
    primary key (kind, key, sub)
);
comment on table linked_device_secret is 'Sealed. kind, key and sub name protocol addresses, never what was said.';

-- What an admin sends to try the connection.
alter table wa_message drop constraint wa_message_kind_check;
alter table wa_message add constraint wa_message_kind_check check (
    (direction = 'in' and kind in ('client', 'agent', 'stranger', 'manager'))
    or (direction = 'out' and kind in ('auto_reply', 'offer', 'claimed', 'declined', 'withdrawn', 'late', 'ambiguous',
                                       'nothing_open', 'owner_client_wrote', 'owner_new_ad', 'help', 'queue', 'paused',
                                       'resumed', 'assigned', 'manager_hangus', 'manager_held', 'manager_answer',
                                       'welcome', 'echo', 'reminder_agent', 'reminder_client', 'test')));
