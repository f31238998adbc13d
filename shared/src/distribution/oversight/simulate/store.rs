//! Reads history.

use super::replay::{Answer, PastCycle, PastOffer};
use crate::Result;
use crate::id::{CycleId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The cycles that started in `[from, to)` and ended with a claim or hangus, oldest first, and the number of
/// others that started.
pub(crate) async fn history(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(Vec<PastCycle>, i64)> {
    let cycles = sqlx::query!(
        r#"select c.id as "id: CycleId", c.started_at, c.status in ('accepted', 'hangus') as "ended!",
                  (select coalesce(array_agg(m.sales_id order by m.seat), '{}')
                   from distribution_cycle_member m where m.cycle_id = c.id) as "members!",
                  (select coalesce(array_agg(m.sales_id), '{}')
                   from distribution_cycle_member m
                   where m.cycle_id = c.id
                     and not exists (select from distribution_attempt a
                                     where a.cycle_id = c.id and a.sales_id = m.sales_id)
                     -- Hangus: everybody who was left was away. Else: somebody was passed over because of that.
                     and (c.status = 'hangus'
                          or exists (select from distribution_attempt o
                                     join distribution_event e on e.attempt_id = o.id and e.kind = 'offered',
                                          jsonb_array_elements(e.detail -> 'skipped') s
                                     where o.cycle_id = c.id and s ->> 'salesId' = m.sales_id
                                       and s ->> 'reason' not in ('asked', 'declined', 'undeliverable'))))
                      as "away!"
           from distribution_cycle c where c.started_at >= $1 and c.started_at < $2
           order by c.started_at, c.id"#,
        from,
        to
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut offers = offers(connection, from, to).await?;
    let mut left_out = 0;
    let mut history = Vec::with_capacity(cycles.len());
    for cycle in cycles {
        if !cycle.ended {
            left_out += 1;
            continue;
        }
        history.push(PastCycle {
            id: cycle.id,
            started_at: cycle.started_at,
            members: cycle.members.into_iter().map(UserId).collect(),
            away: cycle.away.into_iter().map(UserId).collect(),
            offers: offers.remove(&cycle.id).unwrap_or_default(),
        });
    }
    Ok((history, left_out))
}

async fn offers(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<HashMap<CycleId, Vec<PastOffer>>> {
    let rows = sqlx::query!(
        r#"with frozen as materialized (
               select f.at, coalesce((select min(t.at) from distribution_event t
                                      where t.at >= f.at and t.id > f.id and t.kind = 'thawed'), 'infinity') as thawed_at
               from distribution_event f
               where f.kind = 'frozen'
                 and f.at between $1::timestamptz - interval '7 days' and $2::timestamptz + interval '7 days')
           select a.cycle_id as "cycle: CycleId", a.sales_id as "sales_id: UserId", a.round = 'last_round' as "last_round!",
                  a.assigned_at, a.ack_deadline_at, a.closed_at as "closed_at!", a.acknowledged_at, a.status, a.reason,
                  began.at as "began!",
                  -- How long a freeze stopped the clock until the OK.
                  (select coalesce(sum(extract(epoch from least(f.thawed_at, a.acknowledged_at)
                                                          - greatest(f.at, began.at)) * 1000000), 0)::bigint
                   from frozen f
                   where f.at < a.acknowledged_at and f.thawed_at > began.at) as "stopped_us!",
                  (select min(e.lateness_us) from distribution_event e
                   where e.attempt_id = a.id and e.kind = 'late') as late_us
           from distribution_attempt a
           join distribution_cycle c on c.id = a.cycle_id
           -- The window began when the deadline was last moved, or else with the offer.
           cross join lateral (
               select coalesce(max(e.at), a.assigned_at) as at from distribution_event e
               where e.attempt_id = a.id and e.kind = 'deadline_moved') began
           where c.started_at >= $1 and c.started_at < $2 and c.status in ('accepted', 'hangus')
             and a.closed_at is not null
           order by a.cycle_id, a.position"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    let mut offers: HashMap<CycleId, Vec<PastOffer>> = HashMap::new();
    for row in rows {
        let began = row.began;
        let delay = began - row.assigned_at;
        let window = row.ack_deadline_at - began;
        let took = row.closed_at - row.assigned_at;
        let answer = match (row.status.as_str(), row.reason.as_deref()) {
            ("accepted", _) => {
                let after = row.acknowledged_at.map_or(took, |at| at - began);
                let counted = after - TimeDelta::microseconds(row.stopped_us);
                Answer::Ok { after, counted }
            }
            ("declined", _) => Answer::Pass(took - delay),
            ("undeliverable", _) | ("withdrawn", Some("disabled")) => Answer::Unreachable,
            ("withdrawn", _) => Answer::Withdrawn,
            _ => match row.late_us {
                Some(late) => {
                    let after = window + TimeDelta::microseconds(late);
                    Answer::Ok {
                        after,
                        counted: after,
                    }
                }
                None => Answer::Silence,
            },
        };
        offers.entry(row.cycle).or_default().push(PastOffer {
            sales_id: row.sales_id,
            last_round: row.last_round,
            assigned_at: row.assigned_at,
            delay,
            window,
            took,
            answer,
        });
    }
    Ok(offers)
}
