-- When agents can be offered leads. Without a row here an agent always can, as in the seed.

create table agent_availability (
    sales_id      text primary key references "user" (id) on delete cascade,
    -- WIB, WITA or WIT: Indonesia's zones, none with a summer time.
    timezone      text not null default 'Asia/Jakarta' constraint agent_availability_timezone_check
                      check (timezone in ('Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura')),
    paused_since  timestamptz,
    paused_until  timestamptz,
    -- Leads a day, and leads at once, that the agent is given at most.
    most_a_day    integer constraint agent_availability_most_a_day_check check (most_a_day >= 0),
    most_open     integer constraint agent_availability_most_open_check check (most_open >= 0),
    constraint agent_availability_pause check (paused_until is null or paused_since is not null)
);

-- Working hours, by the agent's own clock; an agent who has none always works.
create table agent_hours (
    sales_id text not null references agent_availability (sales_id) on delete cascade,
    -- ISO 8601: Monday is 1.
    weekday  integer not null constraint agent_hours_weekday_check check (weekday between 1 and 7),
    opens    time not null,
    closes   time not null,
    primary key (sales_id, weekday, opens),
    constraint agent_hours_forward check (closes > opens)
);

-- Whole days, the first and the last included, by the agent's own calendar.
create table agent_leave (
    id        uuid primary key default gen_random_uuid(),
    sales_id  text not null references agent_availability (sales_id) on delete cascade,
    first_day date not null,
    last_day  date not null,
    note      text,
    constraint agent_leave_forward check (last_day >= first_day)
);
create index agent_leave_sales_idx on agent_leave (sales_id, last_day);

-- Days on which nobody who keeps working hours works.
create table holiday (
    day  date primary key,
    name text not null
);

-- Where offers go. It follows "user".phone when an operator or an admin edits that, as the old
-- README told them to, and not when a user edits their own (they set `property_lounge.own_phone`).
alter table "user" add column offer_address text;
update "user" u set offer_address = phone
where phone ~ '^\+[1-9][0-9]{6,14}$'
  and id = (select v.id from "user" v left join sales_queue sq on sq.sales_id = v.id
            where v.phone = u.phone
            order by (sq.id is null), sq.active desc, sq.queue_order, v.role = 'sales' desc, v.created_at, v.id limit 1);
create unique index user_offer_address_key on "user" (offer_address);

create or replace function user_phone_as_e164() returns trigger language plpgsql as $$
begin
    new.phone := e164_or_as_typed(new.phone);
    if tg_op = 'UPDATE' and (new.phone is not distinct from old.phone
                             or current_setting('property_lounge.own_phone', true) = 'on') then
        return new;
    end if;
    new.offer_address := case when new.phone ~ '^\+[1-9][0-9]{6,14}$' then new.phone end;
    -- Somebody new never takes an agent's number from them.
    if tg_op = 'INSERT' and exists (select from "user" where offer_address = new.offer_address) then
        new.offer_address := null;
    end if;
    return new;
end
$$;
