//! SQL of the ready answers.

use super::model::Snippet;
use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Snippet>> {
    Ok(sqlx::query_as!(
        Snippet,
        "select id, word, project, body, updated_at from snippet order by word, project nulls first"
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn save(
    connection: &mut PgConnection,
    word: &str,
    project: Option<&str>,
    body: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into snippet (id, word, project, body, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (word, lower(coalesce(project, ''))) do update
             set project = excluded.project, body = excluded.body, updated_at = excluded.updated_at",
        Uuid::now_v7(),
        word,
        project,
        body,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let deleted = sqlx::query!("delete from snippet where id = $1", id)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

pub(super) async fn find(
    connection: &mut PgConnection,
    word: &str,
    project: Option<&str>,
) -> Result<Option<Snippet>> {
    Ok(sqlx::query_as!(
        Snippet,
        "select id, word, project, body, updated_at from snippet
         where word = $1 and (project is null or lower(project) = lower($2))
         order by project nulls last limit 1",
        word,
        project
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn words(
    connection: &mut PgConnection,
    project: Option<&str>,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select distinct word from snippet where project is null or lower(project) = lower($1) order by word",
        project
    )
    .fetch_all(connection)
    .await?)
}
