//! Conflicts: pairs of leads with different owners that are one person.

use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Two leads with different owners that are one person.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Its id.
    pub id: Uuid,
    /// One lead.
    pub one: LeadId,
    /// Its owner's name.
    pub one_owner: Option<String>,
    /// The other lead.
    pub other: LeadId,
    /// Its owner's name.
    pub other_owner: Option<String>,
    /// When it was found.
    pub found_at: DateTime<Utc>,
}

/// Returns `false` if the conflict is known already. The first id must be the lower one.
pub(crate) async fn insert_conflict(
    connection: &mut PgConnection,
    (one, other): (LeadId, LeadId),
    now: DateTime<Utc>,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into lead_conflict (id, one, other, found_at) values ($1, $2, $3, $4) on conflict do nothing",
        Uuid::now_v7(),
        one.0,
        other.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(crate) async fn open_conflicts(connection: &mut PgConnection) -> Result<Vec<Conflict>> {
    Ok(sqlx::query_as!(
        Conflict,
        r#"select c.id, c.one as "one: LeadId", u.name as "one_owner?", c.other as "other: LeadId",
                  v.name as "other_owner?", c.found_at
           from lead_conflict c
           join lead l on l.id = c.one join lead m on m.id = c.other
           left join "user" u on u.id = l.owner_sales_id
           left join "user" v on v.id = m.owner_sales_id
           where c.decided_at is null order by c.found_at, c.id limit 1000"#
    )
    .fetch_all(connection)
    .await?)
}

/// A conflict that is not decided.
pub(crate) async fn conflict(connection: &mut PgConnection, id: Uuid) -> Result<Option<Conflict>> {
    Ok(open_conflicts(connection)
        .await?
        .into_iter()
        .find(|conflict| conflict.id == id))
}

/// Returns `false` if it was decided before.
pub(crate) async fn decide_conflict(
    connection: &mut PgConnection,
    id: Uuid,
    keep: Option<LeadId>,
    (by, now): (&UserId, DateTime<Utc>),
) -> Result<bool> {
    let decided = sqlx::query!(
        "update lead_conflict set decided_at = $2, decided_by = $3, keep = $4
         where id = $1 and decided_at is null",
        id,
        now,
        by.0,
        keep.map(|keep| keep.0)
    )
    .execute(connection)
    .await?;
    Ok(decided.rows_affected() == 1)
}
