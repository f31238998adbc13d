-- One person's data, shown and erased by their number (UU 27/2022).

-- Erased: the name, the number and the words are gone. The status, the owner and the times stay, so that figures, fairness and the
-- audit stay right.
alter table lead add column erased_at timestamptz;
alter table lead add constraint lead_erased_names_nobody check (
    erased_at is null or (num_nonnulls(name, phone, layer2_note) = 0 and status not in ('new', 'distributing'))) not valid;

-- What was shown or erased, for whom, by whom. A person is named by their leads, which name nobody after an erasure.
create table privacy_request (
    id      uuid primary key,
    at      timestamptz not null,
    -- `age`: a worker erased a lead that was closed long ago.
    kind    text not null constraint privacy_request_kind_check check (kind in ('export', 'erase', 'age')),
    by_whom text not null,
    reason  text,
    leads   uuid[] not null,
    -- How many rows of each kind.
    counts  jsonb not null
);
create index privacy_request_at_idx on privacy_request (at);

-- Messages that were erased. Meta delivers some messages again for days; the person must not come back by that. Meta's id of a
-- message contains the sender's number, so that only its digest is kept, for eight days.
create table erased_message (
    digest    bytea primary key,
    erased_at timestamptz not null
);

-- A text without what these patterns match (POSIX, without regard to capitals).
create function without_person(words text, patterns text[]) returns text language plpgsql immutable as $$
declare
    pattern text;
begin
    foreach pattern in array patterns loop
        words := regexp_replace(words, pattern, '[dihapus]', 'gi');
    end loop;
    return words;
end
$$;

-- What a form's reader agreed to: the text, its version and the answers, as Meta reports them.
alter table meta_lead add column consent jsonb;

-- The security log: sign-ins and failed ones, changes of passwords, what admins and operators changed, exports, and which clients'
-- words an admin read. It answers whose data were seen, when and by whom.
create table security_event (
    id         uuid primary key,
    at         timestamptz not null,
    kind       text not null constraint security_event_kind_check check (
                   kind in ('sign_in', 'sign_in_failed', 'sign_up', 'password_changed', 'operation')),
    -- Who did it; null: nobody is known by this email, or a client with a token.
    user_id    text,
    ip_address text not null,
    -- The operation of the API document, its path and its status. Numbers in a path are masked.
    operation  text,
    path       text,
    status     integer
);
create index security_event_at_idx on security_event (at);
