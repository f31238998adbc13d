//! SQL of the agents.

use super::{ActivePlace, Agent, Origin, Route, Sender};
use crate::address::Address;
use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::strategy::Strategy;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

struct Row {
    id: UserId,
    name: String,
    offer_address: Option<String>,
    disabled: bool,
}

impl Row {
    fn into_agent(self) -> Agent {
        Agent {
            id: self.id,
            name: self.name,
            phone: self.offer_address.as_deref().and_then(Phone::from_e164),
            disabled: self.disabled,
        }
    }
}

/// Reads of each the agent, the manager and the block, in one statement: every message that comes in asks for them.
pub(super) async fn senders(
    connection: &mut PgConnection,
    addresses: &[(&Address, Option<&Address>)],
) -> Result<Vec<Sender>> {
    // The present number decides, then the number that an open offer was sent to, then an id of WhatsApp. A former
    // number counts unless the message comes under an id that is not that agent's.
    let (mut numbers, mut ids) = (Vec::new(), Vec::new());
    for (address, other) in addresses {
        let is_number = address.phone().is_some();
        let other = other.map(Address::as_str);
        numbers.push(is_number.then(|| address.as_str()));
        ids.push(if is_number {
            other
        } else {
            Some(address.as_str())
        });
    }
    let first: Vec<&str> = addresses
        .iter()
        .map(|(address, _)| address.as_str())
        .collect();
    let others: Vec<Option<&str>> = addresses
        .iter()
        .map(|(_, other)| other.map(Address::as_str))
        .collect();
    // `coalesce` looks no further than the first answer. The oldest open offer to a number is the first at or after
    // the number in the index. Asked for by `=`, PostgreSQL reads all open offers if most went to one number. `offset 0` keeps the
    // plan of one message for each of many.
    let rows = sqlx::query!(
        r#"select sender.id as "id?: UserId", sender.name as "name?", sender.offer_address as "offer_address?",
                  sender.disabled as "disabled!", sender.manages as "manages!", sender.is_blocked as "is_blocked!",
                  sender.opted_out_at
           from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
                as message (number, id, address, other, n)
           cross join lateral (
               select u.id, u.name, u.offer_address, u.disabled_at is not null as disabled,
                      exists (select from distribution_queue where message.address = any(manager_phones)) as manages,
                      exists (select from contact_block where address in (message.address, message.other) and kind = 'blocked')
                          as is_blocked,
                      (select max(created_at) from contact_block
                       where address in (message.address, message.other) and kind = 'opted_out') as opted_out_at
               from (values (1)) one
               left join "user" u
               on u.id = coalesce(
                   (select n.id from "user" n where n.offer_address = message.number
                    and (n.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = n.id))),
                   (select first.sales_id
                    from (select a.sales_id, a.offered_to from distribution_attempt a
                          where coalesce(a.closed_at, 'infinity') = 'infinity'
                            and (a.offered_to, a.assigned_at) >= (message.number, '-infinity'::timestamptz)
                          order by a.offered_to, a.assigned_at limit 1) first
                    where first.offered_to = message.number),
                   (select n.id from wa_identity i join "user" n on n.id = i.user_id
                    where i.address = message.id
                      and (n.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = n.id))),
                   (select n.id from wa_identity i join "user" n on n.id = i.user_id
                    where i.address = message.number
                      and (n.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = n.id))
                      and (message.id is null
                           or exists (select from wa_identity k where k.address = message.id and k.user_id = i.user_id))))
               offset 0) sender
           order by message.n"#,
        &numbers as _,
        &ids as _,
        &first as _,
        &others as _
    )
    .fetch_all(connection)
    .await?;
    let senders = rows.into_iter().map(|row| {
        let agent = row.id.zip(row.name).map(|(id, name)| Row {
            id,
            name,
            offer_address: row.offer_address,
            disabled: row.disabled,
        });
        Sender {
            agent: agent.map(Row::into_agent),
            manages: row.manages,
            is_blocked: row.is_blocked,
            opted_out_at: row.opted_out_at,
        }
    });
    Ok(senders.collect())
}

pub(super) async fn agent_by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: UserId", name, offer_address, (disabled_at is not null or role = 'operator') as "disabled!"
           from "user" where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::into_agent)
    .ok_or(Error::NotFound { what: "agent" })
}

/// The queue of each origin, with its active places. `offset 0` keeps the plan of one origin for each of many.
pub(super) async fn routes(
    connection: &mut PgConnection,
    origins: &[&Origin],
) -> Result<Vec<(Route, Vec<ActivePlace>)>> {
    let column = |of: fn(&Origin) -> Option<&str>| origins.iter().map(|one| of(one)).collect();
    let projects: Vec<Option<&str>> = column(|origin| origin.project.as_deref());
    let campaigns: Vec<Option<&str>> = column(|origin| origin.campaign.as_deref());
    let sources: Vec<Option<&str>> = column(|origin| origin.source.as_deref());
    let words: Vec<Option<&str>> = column(|origin| origin.words.as_deref());
    let rows = sqlx::query!(
        r#"select origin.n as "n!", q.queue as "queue: QueueId", q.strategy as "strategy: Strategy",
                  place.sales_id as "sales_id?: UserId", place.label as "label?", place.weight as "weight?",
                  place.capped as "capped?"
           from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
                as origin (project, campaign, source, words, n)
           cross join lateral (
                 select q.id as queue, q.strategy
                 from distribution_queue q
                 left join distribution_queue_rule r on r.queue_id = q.id
                     and fits(r.project, origin.project) and fits(r.campaign, origin.campaign)
                     and fits(r.source, origin.source) and says(r.words, origin.words)
                 where q.retired_at is null and (q.is_default or r.id is not null)
                 order by (r.id is null), r.priority, r.id limit 1) q
           left join (select sq.queue_id, sq.queue_order, sq.sales_id, sq.label, sq.weight,
                             exists (select from agent_availability v
                                     where v.sales_id = sq.sales_id and num_nonnulls(v.most_a_day, v.most_open) > 0) as capped
                      from sales_queue sq join "user" u on u.id = sq.sales_id and u.disabled_at is null
                      where sq.active) place on place.queue_id = q.queue
           order by origin.n, place.queue_order"#,
        &projects as _,
        &campaigns as _,
        &sources as _,
        &words as _
    )
    .fetch_all(connection)
    .await?;
    let mut routes: Vec<(Route, Vec<ActivePlace>)> = Vec::with_capacity(origins.len());
    let mut nth = 0;
    for row in rows {
        if row.n != nth {
            nth = row.n;
            let route = Route {
                queue: row.queue,
                strategy: row.strategy,
                has_caps: false,
            };
            routes.push((route, Vec::new()));
        }
        let place = row.sales_id.zip(row.label).zip(row.weight);
        if let (Some((route, places)), Some(((sales_id, label), weight))) =
            (routes.last_mut(), place)
        {
            route.has_caps |= row.capped.unwrap_or(false);
            places.push(ActivePlace {
                sales_id,
                label,
                weight,
            });
        }
    }
    if routes.len() == origins.len() {
        Ok(routes)
    } else {
        Err(Error::NotFound { what: "queue" })
    }
}

pub(super) async fn queue_exists(connection: &mut PgConnection, queue: QueueId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from distribution_queue where id = $1 and retired_at is null) as "exists!""#,
        queue.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn active_queue(
    connection: &mut PgConnection,
    queue: QueueId,
) -> Result<Vec<ActivePlace>> {
    Ok(sqlx::query_as!(
        ActivePlace,
        r#"select sq.sales_id as "sales_id: UserId", sq.label, sq.weight
           from sales_queue sq join "user" u on u.id = sq.sales_id and u.disabled_at is null
           where sq.active and sq.queue_id = $1 order by sq.queue_order"#,
        queue.0
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn active_place(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Option<ActivePlace>> {
    Ok(sqlx::query_as!(
        ActivePlace,
        r#"select sq.sales_id as "sales_id: UserId", sq.label, sq.weight
           from sales_queue sq join "user" u on u.id = sq.sales_id and u.disabled_at is null
           where sq.active and sq.sales_id = $1 order by sq.queue_order limit 1"#,
        agent.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn link(
    connection: &mut PgConnection,
    agent: &UserId,
    key: &Address,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into wa_identity as i (address, user_id, first_seen_at) values ($1, $2, $3)
         on conflict (address) do update set user_id = excluded.user_id, lead_id = null, first_seen_at = $3
         where i.user_id is distinct from excluded.user_id",
        key.as_str(),
        agent.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn change_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    // The person keeps their ids. A number that an admin changes ends them (migration 0031).
    let keys = sqlx::query_scalar!(
        r#"select i.address from wa_identity i join "user" u on u.id = i.user_id where u.offer_address = $1"#,
        old.as_str()
    )
    .fetch_all(&mut *connection)
    .await?;
    let agent = sqlx::query_scalar!(
        r#"update "user" set phone = $2, updated_at = $3
           where offer_address = $1 and not exists (select from "user" where offer_address = $2)
           returning id as "id: UserId""#,
        old.as_str(),
        new.as_str(),
        now
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(agent) = &agent {
        sqlx::query!(
            "insert into wa_identity (address, user_id, first_seen_at)
             select key, $2, $3 from unnest($1::text[]) key on conflict do nothing",
            &keys,
            agent.0,
            now
        )
        .execute(&mut *connection)
        .await?;
        link(connection, agent, &Address::from(old), now).await?;
    }
    Ok(agent)
}

pub(super) async fn ours_of(
    connection: &mut PgConnection,
    addresses: &[String],
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select asked_for.address as "address!" from unnest($1::text[]) asked_for (address)
           where exists (select from "user" u where u.offer_address = asked_for.address)
              or exists (select from wa_identity i where i.address = asked_for.address and i.user_id is not null)
              or exists (select from distribution_queue q where asked_for.address = any(q.manager_phones))"#,
        addresses
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn without_number(connection: &mut PgConnection) -> Result<(i64, Vec<String>)> {
    let row = sqlx::query!(
        r#"select count(*) as "all!",
                  coalesce(array_agg(name order by name) filter (where offer_address is null), '{}') as "without!: Vec<String>"
           from "user" u
           where disabled_at is null and exists (select from sales_queue sq where sq.sales_id = u.id and sq.active)"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.all, row.without))
}

/// Returns of how many queues the person is a manager.
pub(super) async fn change_manager_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
) -> Result<u64> {
    let changed = sqlx::query!(
        "update distribution_queue
         set manager_phones = case when $2 = any(manager_phones) then array_remove(manager_phones, $1)
                                   else array_replace(manager_phones, $1, $2) end
         where $1 = any(manager_phones)",
        old.as_str(),
        new.as_str()
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected())
}
