//! SQL of the small tables: layer 2 statuses and rejected reasons.

use super::model::{Choice, ChoiceKind};
use crate::Result;
use sqlx::PgConnection;

/// Whether an entry can be chosen.
pub(super) async fn choice(
    connection: &mut PgConnection,
    kind: ChoiceKind,
    id: &str,
) -> Result<Option<Choice>> {
    let all = choices(connection, kind).await?;
    Ok(all
        .into_iter()
        .find(|choice| choice.id == id && choice.active))
}

pub(super) async fn choices(
    connection: &mut PgConnection,
    kind: ChoiceKind,
) -> Result<Vec<Choice>> {
    Ok(match kind {
        ChoiceKind::Layer2Status => {
            sqlx::query_as!(
                Choice,
                "select id, label, position, is_rejected, active from layer2_status order by position, id"
            )
            .fetch_all(connection)
            .await?
        }
        ChoiceKind::RejectedReason => {
            sqlx::query_as!(
                Choice,
                r#"select id, label, position, false as "is_rejected!", active from rejected_reason order by position, id"#
            )
            .fetch_all(connection)
            .await?
        }
    })
}

pub(super) async fn save_choice(
    connection: &mut PgConnection,
    kind: ChoiceKind,
    choice: &Choice,
) -> Result<()> {
    match kind {
        ChoiceKind::Layer2Status => {
            sqlx::query!(
                "insert into layer2_status (id, label, position, is_rejected, active) values ($1, $2, $3, $4, $5)
                 on conflict (id) do update set label = excluded.label, position = excluded.position,
                     is_rejected = excluded.is_rejected, active = excluded.active",
                choice.id,
                choice.label,
                choice.position,
                choice.is_rejected,
                choice.active
            )
            .execute(connection)
            .await?;
        }
        ChoiceKind::RejectedReason => {
            sqlx::query!(
                "insert into rejected_reason (id, label, position, active) values ($1, $2, $3, $4)
                 on conflict (id) do update set label = excluded.label, position = excluded.position,
                     active = excluded.active",
                choice.id,
                choice.label,
                choice.position,
                choice.active
            )
            .execute(connection)
            .await?;
        }
    }
    Ok(())
}
