//! The figures of a manager's summary, and who wants one.

use crate::Result;
use crate::address::Address;
use crate::id::QueueId;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

/// A manager, with the queues that they manage.
pub(crate) struct Manager {
    pub(crate) number: String,
    pub(crate) queues: Vec<QueueId>,
}

/// The managers of queues in use who have not switched summaries off.
pub(crate) async fn managers_for_summary(connection: &mut PgConnection) -> Result<Vec<Manager>> {
    Ok(sqlx::query_as!(
        Manager,
        r#"select phone as "number!", array_agg(q.id order by q.id) as "queues!: Vec<QueueId>"
           from distribution_queue q, unnest(q.manager_phones) phone
           where q.retired_at is null and not exists (select from summary_off o where o.address = phone)
           group by phone order by phone"#
    )
    .fetch_all(connection)
    .await?)
}

/// The queues that this person manages.
pub(crate) async fn queues_of_manager(
    connection: &mut PgConnection,
    manager: &Address,
) -> Result<Vec<QueueId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: QueueId" from distribution_queue
           where retired_at is null and $1 = any(manager_phones) order by id"#,
        manager.as_str()
    )
    .fetch_all(connection)
    .await?)
}

/// Switches a manager's summaries on or off.
pub(crate) async fn set_summary(
    connection: &mut PgConnection,
    manager: &Address,
    on: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    if on {
        sqlx::query!(
            "delete from summary_off where address = $1",
            manager.as_str()
        )
        .execute(connection)
        .await?;
    } else {
        sqlx::query!(
            "insert into summary_off (address, since) values ($1, $2) on conflict (address) do nothing",
            manager.as_str(),
            now
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Records that a summary of this day and kind is sent to a manager. Returns `false` if it was before.
pub(crate) async fn record_summary(
    connection: &mut PgConnection,
    manager: &str,
    day: NaiveDate,
    kind: &str,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into summary_sent (address, day, kind) values ($1, $2, $3) on conflict do nothing",
        manager,
        day,
        kind
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// What happened in some queues in a period.
pub(crate) struct QueueFigures {
    /// Leads whose distribution began.
    pub(crate) leads: i64,
    /// Of these, how many an agent claimed by OK.
    pub(crate) claimed: i64,
    /// Of these, within five minutes of the enquiry.
    pub(crate) quick: i64,
    /// How many became hangus.
    pub(crate) hangus: i64,
    /// How many wait for an agent now.
    pub(crate) held: i64,
    /// The visits in the day after the period.
    pub(crate) visits: i64,
    /// The agent who let most offers time out, and how many.
    pub(crate) silent: Option<String>,
    pub(crate) silent_offers: Option<i64>,
    /// The names of the clients whose leads became hangus, at most ten.
    pub(crate) hangus_names: Vec<String>,
}

/// The figures of these queues from `from` to `to`, and of the day after `to`'s.
pub(crate) async fn queue_figures(
    connection: &mut PgConnection,
    queues: &[QueueId],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    (next_day, its_end): (DateTime<Utc>, DateTime<Utc>),
) -> Result<QueueFigures> {
    Ok(sqlx::query_as!(
        QueueFigures,
        r#"with cycles as materialized (
               select c.id, c.lead_id, c.started_at, c.status, c.hangus_at, l.name
               from distribution_cycle c join lead l on l.id = c.lead_id and l.mark is null
               where c.queue_id = any($1) and c.started_at >= $2 and c.started_at < $3),
           won as (
               select a.acknowledged_at - c.started_at as took
               from cycles c join distribution_attempt a on a.cycle_id = c.id and a.status = 'accepted'),
           silent as (
               select u.name, count(*) as offers
               from cycles c join distribution_attempt a on a.cycle_id = c.id and a.status = 'timed_out'
               join "user" u on u.id = a.sales_id
               group by u.id, u.name order by count(*) desc, u.name limit 1)
           select (select count(distinct lead_id) from cycles) as "leads!",
                  (select count(*) from won) as "claimed!",
                  (select count(*) from won where took <= interval '5 minutes') as "quick!",
                  (select count(hangus_at) from cycles) as "hangus!",
                  (select count(*) from distribution_cycle where status = 'held' and queue_id = any($1)) as "held!",
                  (select count(*) from appointment v
                   where v.status = 'booked' and v.starts_at >= $4 and v.starts_at < $5
                     and exists (select from sales_queue sq where sq.sales_id = v.sales_id and sq.queue_id = any($1)))
                      as "visits!",
                  (select name from silent) as silent, (select offers from silent) as silent_offers,
                  array(select coalesce(name, '(tanpa nama)') from cycles where hangus_at is not null
                        order by hangus_at limit 10) as "hangus_names!""#,
        queues as _,
        from,
        to,
        next_day,
        its_end
    )
    .fetch_one(connection)
    .await?)
}
