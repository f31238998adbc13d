//! One person's rows of lists.

use crate::Result;
use crate::leads::Person;
use serde_json::Value;
use sqlx::PgConnection;

/// The rows of lists with a person's number or lead, as JSON.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(jsonb_agg(to_jsonb(r)), '[]') as "rows!" from lead_list_row r
           where r.lead_id = any($1) or r.phone = any($2)"#,
        &person.lead_ids(),
        &person.address_texts()
    )
    .fetch_one(connection)
    .await?)
}

/// Erases the number, name and note of a person's rows, also of one whose cell had several numbers. A row that was not entered
/// yet is refused. Returns how many.
pub(crate) async fn erase_person(connection: &mut PgConnection, person: &Person) -> Result<u64> {
    let erased = sqlx::query!(
        "update lead_list_row
         set given_phone = '', phone = null, name = null, note = null,
             reason = case when state = 'ready' then 'erased' else reason end,
             state = case when state = 'ready' then 'refused' else state end
         where lead_id = any($1) or phone = any($2) or given_phone ~ any($3) or note ~ any($3)",
        &person.lead_ids(),
        &person.address_texts(),
        &person.numbers()
    )
    .execute(connection)
    .await?;
    Ok(erased.rows_affected())
}
