//! The places of an agent, as they ask for them by chat.

use crate::Result;
use crate::id::UserId;
use sqlx::PgConnection;

/// An agent's active place in a queue.
#[derive(Clone, Debug)]
pub struct Place {
    /// The queue's name.
    pub queue: String,
    /// The place's label.
    pub label: String,
    /// The position; the first is 1.
    pub number: i64,
    /// How many active places the queue has.
    pub of: i64,
}

/// The agent's active places.
pub(crate) async fn places_of(connection: &mut PgConnection, agent: &UserId) -> Result<Vec<Place>> {
    Ok(sqlx::query_as!(
        Place,
        r#"select queue, label, number as "number!", of as "of!"
           from (select q.name as queue, sq.label, sq.sales_id, q.is_default,
                        row_number() over (partition by q.id order by sq.queue_order) as number,
                        count(*) over (partition by q.id) as of
                 from sales_queue sq join distribution_queue q on q.id = sq.queue_id where sq.active) place
           where sales_id = $1 order by is_default desc, queue"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}
