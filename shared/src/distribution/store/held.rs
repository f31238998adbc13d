//! Held cycles, and the line of each queue: `held_line`.

use crate::Result;
use crate::id::{CycleId, LeadId, QueueId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// A held cycle, locked with its lead.
pub(crate) struct HeldCycle {
    pub(crate) lead: LeadId,
    /// Whether an offer of it reached an agent. Until one did, the lead waits for the queue as it is now.
    pub(crate) somebody_was_asked: bool,
}

/// The line of a queue, and how far apart its leads are released.
pub(crate) struct Line {
    pub(crate) queue: QueueId,
    pub(crate) look_at: DateTime<Utc>,
    pub(crate) stagger: TimeDelta,
    pub(crate) standing: Option<String>,
}

/// Puts a cycle in the line of its queue. `until` is when the next agent is back, if that is known, and
/// the line is looked at then, or at `poll` if that is earlier. Returns the queue, and when the cycle is
/// expected to be released: one stagger after the cycle before it.
pub(crate) async fn join_line(
    connection: &mut PgConnection,
    cycle: CycleId,
    until: Option<DateTime<Utc>>,
    poll: DateTime<Utc>,
) -> Result<(QueueId, Option<DateTime<Utc>>)> {
    let row = sqlx::query!(
        r#"insert into held_line as line (queue_id, look_at, last_at)
           select coalesce(c.queue_id, default_distribution_queue()), least($2, $3::timestamptz), $2
           from distribution_cycle c where c.id = $1
           on conflict (queue_id) do update set
               look_at = least(line.look_at, excluded.look_at),
               last_at = case when excluded.last_at is null then line.last_at
                              when line.last_at >= excluded.last_at
                                  then line.last_at + (select release_stagger_seconds * interval '1 second'
                                                       from distribution_queue q where q.id = line.queue_id)
                              else excluded.last_at end
           returning queue_id as "queue: QueueId", last_at"#,
        cycle.0,
        until,
        poll
    )
    .fetch_one(connection)
    .await?;
    Ok((row.queue, row.last_at.filter(|_| until.is_some())))
}

pub(crate) async fn hold_cycle(
    connection: &mut PgConnection,
    cycle: CycleId,
    queue: QueueId,
    resume_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = 'held', queue_id = $2, resume_at = $3
         where id = $1 and coalesce(status in ('open', 'held'), false)",
        cycle.0,
        queue.0,
        resume_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn open_held_cycle(connection: &mut PgConnection, cycle: CycleId) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = 'open', resume_at = null where id = $1 and coalesce(status = 'held', false)",
        cycle.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn lock_held_cycle(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Option<HeldCycle>> {
    Ok(sqlx::query_as!(
        HeldCycle,
        r#"select l.id as "lead: LeadId",
                  exists (select from distribution_attempt a
                          where a.cycle_id = c.id and a.status <> 'undeliverable') as "somebody_was_asked!"
           from distribution_cycle c join lead l on l.id = c.lead_id
           where c.id = $1 and coalesce(c.status = 'held', false) for update of l, c"#,
        cycle.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The lines of queues that hold leads, the one that is looked at next first.
pub(crate) async fn lines(connection: &mut PgConnection) -> Result<Vec<Line>> {
    let rows = sqlx::query!(
        r#"select line.queue_id as "queue: QueueId", line.look_at as "look_at!", line.standing,
                  q.release_stagger_seconds
           from held_line line join distribution_queue q on q.id = line.queue_id
           where line.look_at is not null order by line.look_at, line.queue_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Line {
            queue: row.queue,
            look_at: row.look_at,
            stagger: TimeDelta::seconds(i64::from(row.release_stagger_seconds)),
            standing: row.standing,
        })
        .collect())
}

/// The line of one queue, locked. `None` if the queue holds no lead.
pub(crate) async fn lock_line(
    connection: &mut PgConnection,
    queue: QueueId,
) -> Result<Option<Line>> {
    let row = sqlx::query!(
        r#"select line.look_at as "look_at!", line.standing, q.release_stagger_seconds
           from held_line line join distribution_queue q on q.id = line.queue_id
           where line.queue_id = $1 and line.look_at is not null for update of line"#,
        queue.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Line {
        queue,
        look_at: row.look_at,
        stagger: TimeDelta::seconds(i64::from(row.release_stagger_seconds)),
        standing: row.standing,
    }))
}

/// Every user who can be offered a lead at some time.
pub(crate) async fn everybody_who_can_be_asked(
    connection: &mut PgConnection,
) -> Result<Vec<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: UserId" from "user" where disabled_at is null and offer_address is not null"#
    )
    .fetch_all(connection)
    .await?)
}

/// The oldest held cycle of a queue that must be decided now: an agent who was not asked is in `available`; or nobody was asked,
/// and somebody in `available` has got a place in the queue since; or some agent was asked, and every agent in `known` was asked,
/// so there is nobody to wait for. Cycles in `but_not` are left out.
pub(crate) async fn next_to_release(
    connection: &mut PgConnection,
    queue: QueueId,
    available: &[UserId],
    known: &[UserId],
    but_not: &[CycleId],
) -> Result<Option<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select c.id as "id: CycleId" from distribution_cycle c
           where c.status = 'held' and c.queue_id = $1 and c.id <> all($4::uuid[])
             and (exists (select from distribution_cycle_member m
                          where m.cycle_id = c.id and m.sales_id = any($2::text[])
                            and not exists (select from distribution_attempt a
                                            where a.cycle_id = c.id and a.sales_id = m.sales_id
                                              and a.reason is distinct from 'no_number'))
                  or (not exists (select from distribution_attempt a where a.cycle_id = c.id and a.status <> 'undeliverable')
                      and exists (select from sales_queue sq
                                  where sq.queue_id = queue_to_wait_for($1) and sq.active
                                    and sq.sales_id = any($2::text[])
                                    and not exists (select from distribution_cycle_member m
                                                    where m.cycle_id = c.id and m.sales_id = sq.sales_id)))
                  or (exists (select from distribution_attempt a where a.cycle_id = c.id and a.status <> 'undeliverable')
                      and not exists (select from distribution_cycle_member m
                                      where m.cycle_id = c.id and m.sales_id = any($3::text[])
                                        and not exists (select from distribution_attempt a
                                                        where a.cycle_id = c.id and a.sales_id = m.sales_id
                                              and a.reason is distinct from 'no_number'))))
           order by c.started_at, c.id limit 1"#,
        queue.0,
        available as _,
        known as _,
        but_not as _
    )
    .fetch_optional(connection)
    .await?)
}

/// The queue whose places a held lead waits for while nobody was asked: its own, or the default one if its own is retired.
pub(crate) async fn queue_to_wait_for(
    connection: &mut PgConnection,
    queue: QueueId,
) -> Result<QueueId> {
    Ok(sqlx::query_scalar!(
        r#"select queue_to_wait_for($1) as "queue!: QueueId""#,
        queue.0
    )
    .fetch_one(connection)
    .await?)
}

/// Moves the next look of a line to one stagger from now, because a lead was released. Returns `false`
/// if another process released one in the meantime; the caller must roll back.
pub(crate) async fn pass_line_on(
    connection: &mut PgConnection,
    queue: QueueId,
    now: DateTime<Utc>,
    next: DateTime<Utc>,
) -> Result<bool> {
    let moved = sqlx::query!(
        "update held_line set look_at = $3, released_at = $2 where queue_id = $1 and look_at <= $2",
        queue.0,
        now,
        next
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Moves the next look of every line to now, or to one stagger after the last release if that is later. The look computes all resume
/// times again.
pub(crate) async fn look_now(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update held_line line
         set look_at = greatest($1, line.released_at + q.release_stagger_seconds * interval '1 second'), standing = null
         from distribution_queue q
         where q.id = line.queue_id and line.look_at > $1",
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who is available or away until when: the agents, and for each the instant from which they can be asked.
pub(crate) struct Returns<'a> {
    pub(crate) agents: &'a [UserId],
    pub(crate) from: &'a [DateTime<Utc>],
}

/// How many cycles get another `resume_at` in one statement.
const BATCH: i64 = 1000;

/// What became of the resume times of a line.
pub(crate) struct Written {
    /// Whether all are as they should be. They are not if there were too many, or if another transaction has locked some.
    pub(crate) all: bool,
    /// The leads whose return was known and is not any more, with their cycles.
    pub(crate) without_return: Vec<(LeadId, CycleId)>,
}

/// Writes the `resume_at` of held cycles of a queue whose expected release has changed, at most a thousand:
/// the first return of an agent who was not asked, and one stagger more for each cycle before it. The written cycles and their leads
/// are locked then, without a wait, so that a message about one of them can be queued in this transaction.
pub(crate) async fn write_resume_times(
    connection: &mut PgConnection,
    line: &Line,
    returns: &Returns<'_>,
) -> Result<Written> {
    let rows = sqlx::query!(
        r#"with come_back as (select * from unnest($2::text[], $3::timestamptz[]) as r (agent, at)),
         held as (
             select c.id, c.resume_at,
                    least((select min(r.at) from distribution_cycle_member m join come_back r on r.agent = m.sales_id
                           where m.cycle_id = c.id
                             and not exists (select from distribution_attempt a
                                             where a.cycle_id = c.id and a.sales_id = m.sales_id
                                              and a.reason is distinct from 'no_number')),
                          (select min(r.at) from sales_queue sq join come_back r on r.agent = sq.sales_id
                           where sq.queue_id = queue_to_wait_for($1) and sq.active
                             and not exists (select from distribution_cycle_member m
                                             where m.cycle_id = c.id and m.sales_id = sq.sales_id)
                             and not exists (select from distribution_attempt a
                                             where a.cycle_id = c.id and a.status <> 'undeliverable')))
                        + (row_number() over (order by c.started_at, c.id) - 1) * $4::float8 * interval '1 second' as at
             from distribution_cycle c where c.status = 'held' and c.queue_id = $1),
         different as (select id, at, resume_at from held where resume_at is distinct from at),
         changed as (
             select c.id, c.lead_id, different.at, different.resume_at
             from different join distribution_cycle c on c.id = different.id join lead l on l.id = c.lead_id
             where c.status = 'held'
             limit $5 for update of c skip locked for key share of l skip locked),
         written as (
             update distribution_cycle c set resume_at = changed.at from changed where c.id = changed.id)
         select changed.id as "cycle: CycleId", changed.lead_id as "lead: LeadId",
                changed.at is null and changed.resume_at is not null as "lost!",
                (select count(*) from different) as "different!"
         from changed"#,
        line.queue.0,
        returns.agents as _,
        returns.from,
        line.stagger.as_seconds_f64(),
        BATCH
    )
    .fetch_all(&mut *connection)
    .await?;
    let different = rows.first().map_or(0, |row| row.different);
    let lost = rows.iter().filter(|row| row.lost);
    Ok(Written {
        all: usize::try_from(different).is_ok_and(|different| different == rows.len()),
        without_return: lost.map(|row| (row.lead, row.cycle)).collect(),
    })
}

/// Sets when a line is looked at next, and stores who was available at this look. A line in which no lead
/// waits gets no time. The line must be locked.
pub(crate) async fn set_look(
    connection: &mut PgConnection,
    line: &Line,
    standing: Option<&str>,
    next: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update held_line line
         set look_at = case when exists (select from distribution_cycle c where c.status = 'held' and c.queue_id = $1)
                            then $3::timestamptz end,
             standing = $2,
             last_at = case when $2 is distinct from line.standing
                            then (select max(resume_at) from distribution_cycle c
                                  where c.status = 'held' and c.queue_id = $1)
                            else line.last_at end
         where queue_id = $1",
        line.queue.0,
        standing,
        next
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The oldest held cycle of each queue whose line is not looked at in time: not between `since` and `by`.
pub(crate) async fn held_without_look(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
    by: DateTime<Utc>,
) -> Result<Vec<(CycleId, QueueId)>> {
    let rows = sqlx::query!(
        r#"select distinct on (c.queue_id) c.id as "cycle: CycleId", c.queue_id as "queue!: QueueId"
           from distribution_cycle c left join held_line line on line.queue_id = c.queue_id
           where c.status = 'held'
             and (line.look_at is null or line.look_at < $1
                  or line.look_at > greatest($2, line.released_at + interval '1 hour'))
           order by c.queue_id, c.started_at, c.id"#,
        since,
        by
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.cycle, row.queue)).collect())
}

/// The queue of a held cycle. `None` if the cycle is not held.
pub(crate) async fn queue_of_held(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Option<QueueId>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(queue_id, default_distribution_queue()) as "queue!: QueueId"
           from distribution_cycle where id = $1 and coalesce(status = 'held', false)"#,
        cycle.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Makes sure that the line of a queue exists and is looked at now.
pub(crate) async fn mend_line(
    connection: &mut PgConnection,
    queue: QueueId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into held_line (queue_id, look_at) values ($1, $2)
         on conflict (queue_id) do update set look_at = excluded.look_at",
        queue.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
