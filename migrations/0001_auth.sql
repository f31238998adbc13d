-- People who can sign in, in better-auth's Drizzle (snake_case) shape, so that the old
-- database can be brought over table by table. Ids are better-auth's opaque texts.
-- These four tables keep better-auth's `default now()`; no other table has a clock of its own.

create table "user" (
    id             text primary key,
    name           text not null,
    email          text not null constraint user_email_key unique,
    email_verified boolean not null default false,
    image          text,
    phone          text,
    role           text not null default 'sales' constraint user_role_check check (role in ('admin', 'sales')),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
comment on column "user".phone is
    'Where offers are sent. Written E.164 by trigger user_phone; what cannot be read as a number is kept as typed.';

create index user_phone_idx on "user" (phone);

create table session (
    id         text primary key,
    expires_at timestamptz not null,
    token      text not null constraint session_token_key unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    ip_address text,
    user_agent text,
    user_id    text not null references "user" (id) on delete cascade
);
create index session_user_id_idx on session (user_id);

create table account (
    id                       text primary key,
    account_id               text not null,
    provider_id              text not null,
    user_id                  text not null references "user" (id) on delete cascade,
    access_token             text,
    refresh_token            text,
    id_token                 text,
    access_token_expires_at  timestamptz,
    refresh_token_expires_at timestamptz,
    scope                    text,
    password                 text,
    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now()
);
create index account_user_id_idx on account (user_id);

create table verification (
    id         text primary key,
    identifier text not null,
    value      text not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index verification_identifier_idx on verification (identifier);

-- Operators edit "user".phone with psql, as the old README told them to. A CHECK would refuse
-- data that is already there, so the number is read by the same rules as shared/src/phone.rs
-- (a test compares the two) and left alone when they do not apply.
create function e164_or_as_typed(typed text) returns text language plpgsql immutable as $$
declare
    digits text := regexp_replace(regexp_replace(btrim(typed), '^p:', ''), '[[:space:]().-]', '', 'g');
begin
    if digits is null or digits = '' then
        return null;
    end if;
    if digits !~ '^\+?[0-9]+$' then
        return typed;
    end if;
    if digits ~ '^00[89]?62' then
        digits := '+' || regexp_replace(digits, '^00[89]?', '');
    elsif digits ~ '^0' then
        digits := '+62' || substr(digits, 2);
    elsif digits ~ '^8' then
        digits := '+62' || digits;
    elsif digits ~ '^62' then
        digits := '+' || digits;
    end if;
    digits := regexp_replace(digits, '^\+620', '+62');
    if digits ~ '^\+62' then
        -- Mobile 8[1-35-9], 9 to 12 digits; other area codes 8 to 11 digits.
        return case when digits ~ '^\+62(8[1-35-9][0-9]{7,10}|[2-79][0-9]{7,10})$' then digits else typed end;
    end if;
    return case when digits ~ '^\+[1-9][0-9]{6,14}$' then digits else typed end;
end
$$;

create function user_phone_as_e164() returns trigger language plpgsql as $$
begin
    new.phone := e164_or_as_typed(new.phone);
    return new;
end
$$;

create trigger user_phone before insert or update of phone on "user"
    for each row execute function user_phone_as_e164();
