//! SQL of the availability of agents.

use super::{Availability, Cover, Hours, Leave, Load};
use crate::Result;
use crate::id::{QueueId, UserId};
use crate::local_time::Timezone;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The first key of the lock on an agent with a cap; the second is the hash of their id. `PLcp` in ASCII.
const CAP_LOCK_CLASS: i32 = 0x504C_6370;

/// Locks those of these agents who have a cap until the transaction ends, always in the same order.
pub(super) async fn lock_capped(connection: &mut PgConnection, agents: &[UserId]) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock($1, hash)::text as locked
         from (select distinct hashtext(sales_id) as hash from agent_availability
               where sales_id = any($2::text[]) and num_nonnulls(most_a_day, most_open) > 0
               order by hash) capped",
        CAP_LOCK_CLASS,
        agents as _
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Those of these agents who have a cap.
pub(super) async fn capped(
    connection: &mut PgConnection,
    agents: &[UserId],
) -> Result<Vec<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"select sales_id as "sales_id: UserId" from agent_availability
           where sales_id = any($1::text[]) and num_nonnulls(most_a_day, most_open) > 0"#,
        agents as _
    )
    .fetch_all(connection)
    .await?)
}

/// The records of these agents, and how many leads they have. With `with_company`, an agent who has no hours of their own
/// has the company's, also without a record.
pub(super) async fn of(
    connection: &mut PgConnection,
    agents: &[UserId],
    with_company: bool,
    now: DateTime<Utc>,
) -> Result<Vec<(UserId, Availability, Load)>> {
    let rows = sqlx::query!(
        r#"with company as (
               select min(timezone) as timezone,
                      json_agg(json_build_object('weekday', weekday, 'opens', opens, 'closes', closes)
                               order by weekday, opens) as hours
               from company_hours where $3),
           known as (
               select agent.id as sales_id, coalesce(v.timezone, company.timezone) as timezone, v.paused_since,
                      v.paused_until, v.most_a_day, v.most_open, company.hours
               from unnest($1::text[]) agent (id) cross join company
               left join agent_availability v on v.sales_id = agent.id
               where v.sales_id is not null or company.hours is not null)
           select v.sales_id as "sales_id!: UserId", v.timezone as "timezone!: Timezone", v.paused_since,
                  v.paused_until, v.most_a_day, v.most_open,
                  coalesce((select json_agg(json_build_object(
                                       'weekday', h.weekday, 'opens', h.opens, 'closes', h.closes)
                                   order by h.weekday, h.opens)
                            from agent_hours h where h.sales_id = v.sales_id), v.hours, '[]') as "hours!: Json<Vec<Hours>>",
                  (select coalesce(json_agg(json_build_object(
                              'first_day', l.first_day, 'last_day', l.last_day) order by l.first_day), '[]')
                   from agent_leave l where l.sales_id = v.sales_id) as "leave!: Json<Vec<Leave>>",
                  -- Counted for a limit only, and no further.
                  case when v.most_a_day is null then 0 else
                      offers.open
                      + (select count(*) from distribution_attempt a
                         where a.sales_id = v.sales_id and a.status in ('accepted', 'assigned')
                           and a.assigned_at > $2::timestamptz - interval '2 days'
                           and a.closed_at >= date_trunc('day', $2::timestamptz at time zone v.timezone)
                                              at time zone v.timezone) end as "today!",
                  case when v.most_open is null then 0 else
                      offers.open
                      + (select count(*) from (select from lead
                                               where owner_sales_id = v.sales_id and lead_is_open(status, progress)
                                               limit v.most_open) l) end as "open!"
           from known v
           cross join lateral (
               select count(*) as open
               from (select o.sales_id from distribution_attempt o
                     where o.closed_at is null and (o.sales_id, o.code) >= (v.sales_id, '')
                     order by o.sales_id, o.code limit greatest(v.most_a_day, v.most_open, 0)) o
               where o.sales_id = v.sales_id) offers"#,
        agents as _,
        now,
        with_company
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let availability = Availability {
                timezone: row.timezone,
                paused_since: row.paused_since,
                paused_until: row.paused_until,
                most_a_day: row.most_a_day,
                most_open: row.most_open,
                hours: row.hours.0,
                leave: row.leave.0,
            };
            let load = Load {
                today: row.today,
                open: row.open,
            };
            (row.sales_id, availability, load)
        })
        .collect())
}

/// Replaces the record. A message of the agent that was written before this instant changes the break no more, if this changes it.
pub(super) async fn replace(
    connection: &mut PgConnection,
    agent: &UserId,
    availability: &Availability,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into agent_availability as known
             (sales_id, timezone, paused_since, paused_until, most_a_day, most_open, break_said_at)
         values ($1, $2, $3, $4, $5, $6, case when $3::timestamptz is not null then $7::timestamptz end)
         on conflict (sales_id) do update set timezone = excluded.timezone, paused_since = excluded.paused_since,
             paused_until = excluded.paused_until, most_a_day = excluded.most_a_day, most_open = excluded.most_open,
             break_said_at = case when (known.paused_since, known.paused_until)
                                       is distinct from (excluded.paused_since, excluded.paused_until)
                                  then $7 else known.break_said_at end",
        agent.0,
        availability.timezone.as_str(),
        availability.paused_since,
        availability.paused_until,
        availability.most_a_day,
        availability.most_open,
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from agent_hours where sales_id = $1", agent.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from agent_leave where sales_id = $1", agent.0)
        .execute(&mut *connection)
        .await?;
    for hours in &availability.hours {
        sqlx::query!(
            "insert into agent_hours (sales_id, weekday, opens, closes) values ($1, $2, $3, $4)",
            agent.0,
            hours.weekday,
            hours.opens,
            hours.closes
        )
        .execute(&mut *connection)
        .await?;
    }
    for leave in &availability.leave {
        sqlx::query!(
            "insert into agent_leave (sales_id, first_day, last_day) values ($1, $2, $3)",
            agent.0,
            leave.first_day,
            leave.last_day
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Locks the record of an agent until the transaction ends, if there is one.
pub(super) async fn lock(connection: &mut PgConnection, agent: &UserId) -> Result<()> {
    sqlx::query!(
        "select sales_id from agent_availability where sales_id = $1 for update",
        agent.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

pub(super) async fn timezone_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Option<Timezone>> {
    Ok(sqlx::query_scalar!(
        r#"select timezone as "timezone: Timezone" from agent_availability where sales_id = $1"#,
        agent.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Starts a break that was asked for at `said_at`. Returns `false`, and changes nothing, if a newer command is known. Meta's times are
/// whole seconds, so two commands of one second count in the order in which they are handled.
pub(super) async fn pause(
    connection: &mut PgConnection,
    agent: &UserId,
    until: Option<DateTime<Utc>>,
    said_at: DateTime<Utc>,
    (now, company): (DateTime<Utc>, Timezone),
) -> Result<bool> {
    let started = sqlx::query!(
        "insert into agent_availability as known (sales_id, paused_since, paused_until, timezone, break_said_at)
         values ($1, $2, $3, $4, $5)
         on conflict (sales_id) do update
             set paused_since = coalesce(known.paused_since, excluded.paused_since),
                 paused_until = excluded.paused_until, break_said_at = excluded.break_said_at
             where coalesce(date_trunc('second', greatest(known.break_said_at, known.ready_said_at)) <= excluded.break_said_at, true)",
        agent.0,
        now,
        until,
        company.as_str(),
        said_at
    )
    .execute(connection)
    .await?;
    Ok(started.rows_affected() == 1)
}

/// Adds days off that were asked for at `said_at`. Those until `today` only if the agent has not said since that they are ready.
/// Returns the first day that was added; `None` if no day is left.
pub(super) async fn add_leave(
    connection: &mut PgConnection,
    agent: &UserId,
    leave: Leave,
    said_at: DateTime<Utc>,
    (today, zone): (NaiveDate, Timezone),
) -> Result<Option<NaiveDate>> {
    let begins_now = leave.first_day <= today;
    let was_ready_since = sqlx::query_scalar!(
        r#"insert into agent_availability as known (sales_id, timezone, break_said_at)
           values ($1, $2, case when $4 then $3::timestamptz end)
           on conflict (sales_id) do update set break_said_at = greatest(known.break_said_at, excluded.break_said_at)
           returning coalesce(date_trunc('second', ready_said_at) > $3, false) as "was_ready_since!""#,
        agent.0,
        zone.as_str(),
        said_at,
        begins_now
    )
    .fetch_one(&mut *connection)
    .await?;
    let tomorrow = today.succ_opt().unwrap_or(today);
    let first_day = if was_ready_since {
        leave.first_day.max(tomorrow)
    } else {
        leave.first_day
    };
    if first_day > leave.last_day {
        return Ok(None);
    }
    sqlx::query!(
        "insert into agent_leave (sales_id, first_day, last_day) values ($1, $2, $3)",
        agent.0,
        first_day,
        leave.last_day
    )
    .execute(connection)
    .await?;
    Ok(Some(first_day))
}

/// Ends the break, and the days off that cover `today`: they end the day before. The agent said so at `said_at`. Returns `false`, and
/// changes nothing, if a newer command is known.
pub(super) async fn resume(
    connection: &mut PgConnection,
    agent: &UserId,
    said_at: DateTime<Utc>,
    (today, zone): (NaiveDate, Timezone),
) -> Result<bool> {
    let ended = sqlx::query!(
        "insert into agent_availability as known (sales_id, timezone, ready_said_at) values ($1, $2, $3)
         on conflict (sales_id) do update set paused_since = null, paused_until = null, ready_said_at = excluded.ready_said_at
             where coalesce(date_trunc('second', greatest(known.break_said_at, known.ready_said_at)) <= excluded.ready_said_at, true)",
        agent.0,
        zone.as_str(),
        said_at
    )
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "delete from agent_leave where sales_id = $1 and first_day = $2::date and last_day >= $2",
        agent.0,
        today
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update agent_leave set last_day = $2::date - 1 where sales_id = $1 and first_day < $2 and last_day >= $2",
        agent.0,
        today
    )
    .execute(connection)
    .await?;
    Ok(true)
}

pub(super) async fn holidays(connection: &mut PgConnection) -> Result<Vec<(NaiveDate, String)>> {
    let rows = sqlx::query!("select day, name from holiday order by day")
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.name)).collect())
}

pub(super) async fn replace_holidays(
    connection: &mut PgConnection,
    holidays: &[(NaiveDate, String)],
) -> Result<()> {
    sqlx::query!("delete from holiday")
        .execute(&mut *connection)
        .await?;
    let (days, names): (Vec<NaiveDate>, Vec<String>) = holidays.iter().cloned().unzip();
    sqlx::query!(
        "insert into holiday (day, name) select * from unnest($1::date[], $2::text[])",
        &days,
        &names
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn company_hours(connection: &mut PgConnection) -> Result<Vec<Hours>> {
    Ok(sqlx::query_as!(
        Hours,
        "select weekday, opens, closes from company_hours order by weekday, opens"
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn replace_company_hours(
    connection: &mut PgConnection,
    hours: &[Hours],
    zone: Timezone,
) -> Result<()> {
    sqlx::query!("delete from company_hours")
        .execute(&mut *connection)
        .await?;
    for hours in hours {
        sqlx::query!(
            "insert into company_hours (weekday, opens, closes, timezone) values ($1, $2, $3, $4)",
            hours.weekday,
            hours.opens,
            hours.closes,
            zone.as_str()
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Who covers for an agent: a colleague or a queue.
pub(super) async fn cover(connection: &mut PgConnection, agent: &UserId) -> Result<Option<Cover>> {
    let row = sqlx::query!(
        r#"select cover_sales_id as "agent: UserId", cover_queue_id as "queue: QueueId" from agent_availability
           where sales_id = $1"#,
        agent.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.and_then(|row| match (row.agent, row.queue) {
        (Some(agent), _) => Some(Cover::Agent(agent)),
        (None, Some(queue)) => Some(Cover::Queue(queue)),
        (None, None) => None,
    }))
}

pub(super) async fn set_cover(
    connection: &mut PgConnection,
    agent: &UserId,
    cover: Option<&Cover>,
    zone: Timezone,
) -> Result<()> {
    let (colleague, queue) = match cover {
        Some(Cover::Agent(agent)) => (Some(agent.0.as_str()), None),
        Some(Cover::Queue(queue)) => (None, Some(queue.0)),
        None => (None, None),
    };
    sqlx::query!(
        "insert into agent_availability (sales_id, timezone, cover_sales_id, cover_queue_id) values ($1, $2, $3, $4)
         on conflict (sales_id) do update set cover_sales_id = excluded.cover_sales_id,
             cover_queue_id = excluded.cover_queue_id",
        agent.0,
        zone.as_str(),
        colleague,
        queue
    )
    .execute(connection)
    .await?;
    Ok(())
}
