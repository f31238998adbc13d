//! Reads cycles and attempts for display.

use crate::Result;
use crate::distribution::model::{Attempt, AttemptStatus, Cycle, CycleStatus, Round};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::strategy::Strategy;
use sqlx::PgConnection;

pub(crate) async fn attempts(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Vec<Attempt>> {
    Ok(sqlx::query_as!(
        Attempt,
        r#"select id as "id: AttemptId", cycle_id as "cycle_id: CycleId", sales_id as "sales_id: UserId",
                  position, round as "round: Round", code, status as "status: AttemptStatus", reason, assigned_at, ack_deadline_at,
                  offer_accepted_at, acknowledged_at, closed_at
           from distribution_attempt where cycle_id = $1 order by position"#,
        cycle.0
    )
    .fetch_all(connection)
    .await?)
}

pub(crate) async fn cycles(connection: &mut PgConnection, lead: LeadId) -> Result<Vec<Cycle>> {
    Ok(sqlx::query_as!(
        Cycle,
        r#"select id as "id: CycleId", lead_id as "lead_id: LeadId", status as "status: CycleStatus",
                  strategy as "strategy: Strategy", resume_at, started_at, closed_at
           from distribution_cycle where lead_id = $1 order by started_at, id"#,
        lead.0
    )
    .fetch_all(connection)
    .await?)
}

pub(crate) async fn members(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Vec<(String, Agent)>> {
    let rows = sqlx::query!(
        r#"select m.label, u.id, u.name, u.offer_address, u.disabled_at is not null as "disabled!"
           from distribution_cycle_member m join "user" u on u.id = m.sales_id
           where m.cycle_id = $1 order by m.seat"#,
        cycle.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let agent = Agent {
                id: UserId(row.id),
                name: row.name,
                phone: row.offer_address.as_deref().and_then(Phone::from_e164),
                disabled: row.disabled,
            };
            (row.label, agent)
        })
        .collect())
}
