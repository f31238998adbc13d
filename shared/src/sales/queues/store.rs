//! SQL of the queues.

use super::{Place, Queue, QueueSettings, Rule};
use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::strategy::Strategy;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub(super) async fn queues(connection: &mut PgConnection) -> Result<Vec<Queue>> {
    let rows = sqlx::query!(
        r#"select id as "id: QueueId", is_default, name, strategy as "strategy: Strategy", most_turns_owed,
                  release_stagger_seconds, last_round, second_chance, manager_phones
           from distribution_queue where retired_at is null order by is_default desc, name"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut queues = Vec::with_capacity(rows.len());
    for row in rows {
        queues.push(Queue {
            places: places(connection, row.id).await?,
            rules: rules(connection, row.id).await?,
            id: row.id,
            is_default: row.is_default,
            settings: QueueSettings {
                name: row.name,
                strategy: row.strategy,
                most_turns_owed: row.most_turns_owed,
                release_stagger_seconds: row.release_stagger_seconds,
                last_round: row.last_round,
                second_chance: row.second_chance,
                manager_phones: row
                    .manager_phones
                    .iter()
                    .filter_map(|number| Phone::from_e164(number))
                    .collect(),
            },
        });
    }
    Ok(queues)
}

pub(super) async fn places(connection: &mut PgConnection, queue: QueueId) -> Result<Vec<Place>> {
    Ok(sqlx::query_as!(
        Place,
        r#"select sales_id as "sales_id: UserId", label, active, weight,
                  (credit / 720720000) as "owed_thousandths!"
           from sales_queue where queue_id = $1 order by queue_order"#,
        queue.0
    )
    .fetch_all(connection)
    .await?)
}

async fn rules(connection: &mut PgConnection, queue: QueueId) -> Result<Vec<Rule>> {
    Ok(sqlx::query_as!(
        Rule,
        "select priority, project, campaign, source, words from distribution_queue_rule
         where queue_id = $1 order by priority, id",
        queue.0
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    id: QueueId,
    settings: &QueueSettings,
) -> Result<()> {
    let managers: Vec<&str> = settings.manager_phones.iter().map(Phone::as_str).collect();
    sqlx::query!(
        "insert into distribution_queue
             (id, name, strategy, most_turns_owed, release_stagger_seconds, last_round, second_chance, manager_phones)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        settings.name,
        settings.strategy.as_str(),
        settings.most_turns_owed,
        settings.release_stagger_seconds,
        settings.last_round,
        settings.second_chance,
        &managers as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn update(
    connection: &mut PgConnection,
    id: QueueId,
    settings: &QueueSettings,
) -> Result<bool> {
    let managers: Vec<&str> = settings.manager_phones.iter().map(Phone::as_str).collect();
    sqlx::query!(
        "update sales_queue sq set credit = 0 from distribution_queue q
         where q.id = $1 and sq.queue_id = q.id and q.strategy <> $2",
        id.0,
        settings.strategy.as_str()
    )
    .execute(&mut *connection)
    .await?;
    let updated = sqlx::query!(
        "update distribution_queue
         set name = $2, strategy = $3, most_turns_owed = $4, release_stagger_seconds = $5, last_round = $6,
             second_chance = $7, manager_phones = $8
         where id = $1",
        id.0,
        settings.name,
        settings.strategy.as_str(),
        settings.most_turns_owed,
        settings.release_stagger_seconds,
        settings.last_round,
        settings.second_chance,
        &managers as _
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

pub(super) async fn default_queue(connection: &mut PgConnection) -> Result<QueueId> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: QueueId" from distribution_queue where is_default"#
    )
    .fetch_one(connection)
    .await?)
}

/// Whether the queue is the default queue, locked; `None` if it does not exist.
pub(super) async fn is_default(connection: &mut PgConnection, id: QueueId) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        "select is_default from distribution_queue where id = $1 and retired_at is null for no key update",
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Retires a queue: it has no places and no rules any more, and takes no leads. The queue must be locked.
pub(super) async fn retire(
    connection: &mut PgConnection,
    id: QueueId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with places as (delete from sales_queue where queue_id = $1),
              rules as (delete from distribution_queue_rule where queue_id = $1)
         update distribution_queue set retired_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn agents_of(places: &[Place]) -> Vec<&str> {
    let agents = places.iter().map(|place| place.sales_id.0.as_str());
    agents.collect()
}

/// Fails if one of the places is an operator's, who gets no leads.
pub(super) async fn refuse_operators(
    connection: &mut PgConnection,
    places: &[Place],
) -> Result<()> {
    let sales = agents_of(places);
    let found = sqlx::query_scalar!(
        r#"select name from "user" where id = any($1::text[]) and role = 'operator' limit 1"#,
        &sales as _
    )
    .fetch_optional(connection)
    .await?;
    match found {
        Some(_) => Err(Error::invalid(
            "salesId",
            "is an operator, who gets no leads",
        )),
        None => Ok(()),
    }
}

pub(super) async fn replace_places(
    connection: &mut PgConnection,
    queue: QueueId,
    places: &[Place],
) -> Result<()> {
    let sales = agents_of(places);
    let labels: Vec<&str> = places.iter().map(|place| place.label.trim()).collect();
    let active: Vec<bool> = places.iter().map(|place| place.active).collect();
    let weights: Vec<i32> = places.iter().map(|place| place.weight).collect();
    sqlx::query!("set constraints sales_queue_order_key deferred")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "delete from sales_queue where queue_id = $1 and sales_id <> all($2::text[])",
        queue.0,
        &sales as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into sales_queue (queue_id, sales_id, label, active, weight, queue_order)
         select $1, sales_id, label, active, weight, n::int
         from unnest($2::text[], $3::text[], $4::bool[], $5::int[])
              with ordinality as place (sales_id, label, active, weight, n)
         on conflict (queue_id, sales_id) do update set label = excluded.label, active = excluded.active,
             weight = excluded.weight, queue_order = excluded.queue_order",
        queue.0,
        &sales as _,
        &labels as _,
        &active,
        &weights
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn replace_rules(
    connection: &mut PgConnection,
    queue: QueueId,
    rules: &[Rule],
) -> Result<()> {
    sqlx::query!(
        "delete from distribution_queue_rule where queue_id = $1",
        queue.0
    )
    .execute(&mut *connection)
    .await?;
    for rule in rules {
        sqlx::query!(
            "insert into distribution_queue_rule (queue_id, priority, project, campaign, source, words)
             values ($1, $2, $3, $4, $5, $6)",
            queue.0,
            rule.priority,
            rule.project,
            rule.campaign,
            rule.source,
            rule.words
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn set_address(
    connection: &mut PgConnection,
    agent: &UserId,
    address: &Phone,
) -> Result<bool> {
    // The trigger sets `offer_address`. It must be set here too if the phone does not change.
    let updated = sqlx::query!(
        r#"update "user" set phone = $2, offer_address = $2 where id = $1"#,
        agent.0,
        address.as_str()
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}
