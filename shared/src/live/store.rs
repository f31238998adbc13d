//! SQL of the changes.

use super::model::{AppointmentNow, AttemptNow, Change, Cursor, Detail, LeadNow, MessageNow};
use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;

struct Row {
    transaction: i64,
    change: i64,
    kind: String,
    subject: String,
    lead: Option<LeadId>,
    owner: Option<UserId>,
    agent: Option<UserId>,
    was_owner: Option<UserId>,
    lead_status: Option<String>,
    progress: Option<String>,
    layer2_status: Option<String>,
    status: Option<String>,
    position: Option<i32>,
    at: Option<DateTime<Utc>>,
    direction: Option<String>,
    message_kind: Option<String>,
    calendar_state: Option<String>,
    seconds_ago: f64,
}

pub(super) async fn since(
    connection: &mut PgConnection,
    after: Cursor,
    limit: i64,
) -> Result<Vec<Change>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.xid::text::bigint as "transaction!", c.id as "change!", c.kind as "kind!", c.subject as "subject!",
                  c.lead_id as "lead: LeadId", l.owner_sales_id as "owner?: UserId",
                  coalesce(a.sales_id, p.sales_id) as "agent?: UserId",
                  c.was_owner as "was_owner: UserId", l.status as "lead_status?", l.progress as "progress?", l.layer2_status_id as layer2_status,
                  coalesce(a.status, m.delivery_status, p.status) as "status?", a.position as "position?",
                  coalesce(a.ack_deadline_at, p.starts_at, h.frozen_since) as "at?", m.direction as "direction?",
                  m.kind as "message_kind?", p.calendar_state as "calendar_state?",
                  extract(epoch from clock_timestamp() - c.written_at)::float8 as "seconds_ago!"
           from (select * from live_change
                 where (xid, id) > ($1::bigint::text::xid8, $2::bigint) and xid < live_horizon()
                 order by xid, id limit $3) c
           left join lead l on l.id = c.lead_id
           left join distribution_attempt a on c.kind = 'attempt' and a.id = case when c.kind = 'attempt' then c.subject::uuid end
           left join wa_message m on c.kind = 'message' and m.id = case when c.kind = 'message' then c.subject::uuid end
           left join appointment p on c.kind = 'appointment' and p.id = case when c.kind = 'appointment' then c.subject::uuid end
           left join provider_health h on c.kind = 'provider' and h.provider = c.subject
           order by c.xid, c.id"#,
        after.transaction,
        after.change,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::into_change).collect())
}

impl Row {
    fn into_change(self) -> Change {
        let row = self;
        let text = Option::unwrap_or_default;
        let agent = row.agent.as_ref().map(|agent| agent.0.clone());
        let detail = match row.kind.as_str() {
            "attempt" => Detail::Attempt(AttemptNow {
                status: text(row.status),
                sales_id: text(agent),
                position: row.position.unwrap_or_default(),
                ack_deadline_at: row.at.unwrap_or_default(),
            }),
            "message" => Detail::Message(MessageNow {
                direction: text(row.direction),
                kind: text(row.message_kind),
                delivery_status: text(row.status),
            }),
            "appointment" => Detail::Appointment(AppointmentNow {
                status: text(row.status),
                sales_id: text(agent),
                starts_at: row.at.unwrap_or_default(),
                calendar_state: text(row.calendar_state),
            }),
            "provider" => Detail::Provider {
                frozen_since: row.at,
            },
            _ => Detail::Lead(row.lead_status.map(|status| LeadNow {
                status,
                progress: text(row.progress),
                owner_id: row.owner.as_ref().map(|owner| owner.0.clone()),
                layer2_status: row.layer2_status,
            })),
        };
        Change {
            cursor: Cursor {
                transaction: row.transaction,
                change: row.change,
            },
            subject: row.subject,
            lead: row.lead,
            owner: row.owner,
            agent: row.agent,
            was_owner: row.was_owner,
            written_ago: Duration::try_from_secs_f64(row.seconds_ago).unwrap_or_default(),
            detail,
        }
    }
}

pub(super) async fn now(connection: &mut PgConnection) -> Result<Cursor> {
    let oldest_running = sqlx::query_scalar!(r#"select live_horizon()::text::bigint as "xmin!""#)
        .fetch_one(connection)
        .await?;
    Ok(Cursor {
        transaction: oldest_running - 1,
        change: i64::MAX,
    })
}

pub(super) async fn reaches_back_to(connection: &mut PgConnection, place: Cursor) -> Result<bool> {
    let oldest = sqlx::query_scalar!("select min(xid)::text::bigint from live_change")
        .fetch_one(connection)
        .await?;
    // Nothing older than the oldest was removed since, if the place is not older than it.
    Ok(oldest.is_some_and(|oldest| place.transaction >= oldest))
}

/// Deletes old changes in the order in which they are read, so that the rest has no gaps.
pub(super) async fn delete_old_changes(connection: &mut PgConnection, minutes: f64) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from live_change
         where xid < coalesce((select min(xid) from live_change
                               where written_at >= now() - $1::float8 * interval '1 minute'),
                              live_horizon())",
        minutes
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// How long ago the oldest change was written that readers cannot see yet, because an older transaction is
/// running. Zero if there is none.
pub(super) async fn lag(connection: &mut PgConnection) -> Result<f64> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(extract(epoch from clock_timestamp() - min(written_at)), 0)::float8 as "lag!"
           from live_change where xid >= live_horizon()"#
    )
    .fetch_one(connection)
    .await?)
}
