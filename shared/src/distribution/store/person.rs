//! SQL of what distribution knows of one person.

use crate::Result;
use crate::leads::Person;
use serde_json::Value;
use sqlx::PgConnection;

/// To whom the person's enquiries were offered, and what they wrote that nobody handled yet.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'offers', (select jsonb_agg(jsonb_build_object('lead_id', c.lead_id, 'agent', u.name, 'assigned_at', a.assigned_at,
                                                              'status', a.status, 'closed_at', a.closed_at) order by a.assigned_at)
                          from distribution_cycle c join distribution_attempt a on a.cycle_id = c.id
                          join "user" u on u.id = a.sales_id where c.lead_id = any($1)),
               'unhandled', (select jsonb_agg(to_jsonb(i)) from inbound_event i where i.sender = any($2))) as "rows!""#,
        &person.lead_ids(),
        &person.address_texts()
    )
    .fetch_one(connection)
    .await?)
}
