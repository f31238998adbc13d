-- Two-factor sign-in, in the shape of better-auth's plugin (Drizzle, snake_case).
alter table "user" add column two_factor_enabled boolean not null default false;

create table two_factor (
    id                        text primary key,
    -- Both are encrypted with BETTER_AUTH_SECRET.
    secret                    text not null,
    backup_codes              text not null,
    user_id                   text not null constraint two_factor_user_id_key unique references "user" (id) on delete cascade,
    -- Whether the user has proven once that their app makes the right codes.
    verified                  boolean not null default true,
    -- Wrong codes in a row at sign-in, and until when no code is accepted because of them.
    failed_verification_count integer not null default 0,
    locked_until              timestamptz,
    -- Not better-auth's: the period of the last code that was accepted, so that no code is accepted twice (RFC 6238, 5.2).
    last_step                 bigint
);

alter table security_event drop constraint security_event_kind_check;
alter table security_event add constraint security_event_kind_check check (kind in (
    'sign_in', 'sign_in_failed', 'sign_up', 'password_changed', 'operation', 'code_asked', 'code_wrong', 'app_secret_shown',
    'two_factor_on', 'two_factor_off', 'backup_codes_made', 'backup_code_used')) not valid;
