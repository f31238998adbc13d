//! SQL of one person's messages.

use crate::Result;
use crate::leads::{Candidates, ERASED, Person};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// The answer to a manager names the clients of several leads, so that its words are left out.
pub(in crate::whatsapp) async fn person_rows(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"with theirs as (
               select * from wa_message where lead_id = any($1) or from_wa = any($2) or to_wa = any($2))
           select jsonb_build_object(
               'messages', (select jsonb_agg(case when m.kind = 'manager_answer'
                                                  then to_jsonb(m) || '{"body": null, "line": null, "parameters": null}'
                                                  else to_jsonb(m) end order by m.created_at) from theirs m),
               'corrections', (select jsonb_agg(to_jsonb(c) order by c.at) from wa_correction c
                               where exists (select from theirs m where m.provider = c.provider
                                             and m.provider_message_id = c.original_id)),
               'contacts', (select jsonb_agg(to_jsonb(w)) from wa_contact w where w.address = any($2))) as "rows!""#,
        &person.lead_ids(),
        &person.address_texts()
    )
    .fetch_one(connection)
    .await?)
}

/// Stores digests of the ids of the person's messages of the last eight days, so that a second delivery does not bring the person
/// back.
pub(in crate::whatsapp) async fn remember_digests(
    connection: &mut PgConnection,
    (person, found): (&Person, &Candidates),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into erased_message (digest, erased_at)
         select sha256(convert_to(provider_message_id, 'UTF8')), $2::timestamptz from wa_message
         where (id = any($3) or created_at >= $4 or kind = 'echo' and id >= $5)
           and (direction = 'in' and from_wa = any($1) or kind = 'echo' and to_wa = any($1))
           and provider_message_id is not null and created_at > $2::timestamptz - interval '8 days'
         on conflict do nothing",
        &person.address_texts(),
        now,
        &found.ids,
        found.since,
        found.since_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Erases the words of every message from, to or about the person, and who they were. What waits to be sent is not sent.
pub(in crate::whatsapp) async fn erase_messages(
    connection: &mut PgConnection,
    person: &Person,
    found: &Candidates,
) -> Result<u64> {
    let (leads, addresses) = (person.lead_ids(), person.address_texts());
    // The linked device's ids begin with the number, also of a message that is not stored.
    sqlx::query!(
        "with theirs as materialized (
             select m.provider, m.provider_message_id from wa_message m
             where (m.lead_id = any($1) or m.id = any($3) or m.created_at >= $4 or m.kind = 'echo' and m.id >= $5)
               and (m.lead_id = any($1) or m.from_wa = any($2) or m.to_wa = any($2)))
         delete from wa_correction c
         where exists (select from theirs m where m.provider = c.provider and m.provider_message_id = c.original_id)
            or split_part(c.original_id, '/', 1) = any($2)",
        &leads,
        &addresses,
        &found.ids,
        found.since,
        found.since_id
    )
    .execute(&mut *connection)
    .await?;
    // Meta's id of a message to or from the person contains their number. Sends to them that the search did not see have a message
    // that is erased here.
    let erased = sqlx::query_scalar!(
        r#"with theirs as materialized (
               select id, send_id, to_wa = any($2) as to_them from wa_message
               where (lead_id = any($1) or id = any($4) or created_at >= $5 or kind = 'echo' and id >= $6)
                 and (lead_id = any($1) or from_wa = any($2) or to_wa = any($2))),
           erased as (
               update wa_message m
               set body = $3, line = null, parameters = null,
                   delivery_error = case when delivery_status in ('queued', 'failed') then 'erased' end,
                   delivery_status = case when delivery_status = 'queued' then 'failed' else delivery_status end,
                   provider_message_id = case when from_wa = any($2) or to_wa = any($2) then null else provider_message_id end,
                   send_id = case when to_wa = any($2) then null else send_id end,
                   from_wa = case when from_wa = any($2) then 'erased:' || id else from_wa end,
                   to_wa = case when to_wa = any($2) then 'erased:' || id else to_wa end
               where id in (select id from theirs)
               returning 1),
           sends as (
               delete from wa_send where id in (select send_id from theirs where to_them and send_id is not null))
           select count(*) as "erased!" from erased"#,
        &leads,
        &addresses,
        ERASED,
        &found.ids,
        found.since,
        found.since_id
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(erased).unwrap_or(0))
}

/// Deletes the sends to the person that the search found or that came to nothing since, and the limits of their addresses. Sends
/// that were accepted since went with their messages.
pub(in crate::whatsapp) async fn erase_sends(
    connection: &mut PgConnection,
    person: &Person,
    (found, since): (&[Uuid], DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "with sends as (delete from wa_send
                        where to_wa = any($1)
                          and (id = any($2) or settled_at is null or outcome <> 'accepted' and settled_at >= $3)),
              contacts as (delete from wa_contact where address = any($1))
         delete from summary_off where address = any($1)",
        &person.address_texts(),
        found,
        since
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Messages of the system that name clients of others: lists, summaries, answers.
const NAMING: [&str; 12] = [
    "agent",
    "manager",
    "ambiguous",
    "queue",
    "offer_hint",
    "manager_answer",
    "summary",
    "handed_over",
    "manager_agent_disabled",
    "manager_merge",
    "owner_merge",
    "manager_warning",
];

/// Searches all messages for those from or to these people, and for those that may have one of their numbers or names. It finds too
/// many: the digits of a number can be part of a longer one, and the words of a message that is queued can still change.
pub(in crate::whatsapp) async fn search(
    connection: &mut PgConnection,
    people: &[Person],
) -> Result<Vec<Uuid>> {
    // One simple pattern for all is looked for as quickly as one for each.
    let one_of = |patterns: Vec<String>| (!patterns.is_empty()).then(|| patterns.join("|"));
    let digits = one_of(people.iter().flat_map(Person::digits).collect());
    let names = one_of(people.iter().flat_map(Person::full_names).collect());
    let addresses: Vec<String> = people.iter().flat_map(Person::address_texts).collect();
    let since = people.iter().filter_map(|person| person.since).min();
    Ok(sqlx::query_scalar!(
        "select id from wa_message
         where from_wa = any($5) or to_wa = any($5) or direction = 'out' and delivery_status = 'queued'
            or concat_ws(' ', body, line, array_to_string(parameters, ' ')) ~ $1
            or direction = 'out' and created_at >= coalesce($2::timestamptz, '-infinity')
               and (lead_id is null or kind = any($3))
               and concat_ws(' ', body, line, array_to_string(parameters, ' ')) ~* $4",
        digits,
        since,
        &NAMING as _,
        names,
        &addresses
    )
    .fetch_all(connection)
    .await?)
}

/// Searches all sends for those to these people.
pub(in crate::whatsapp) async fn search_sends(
    connection: &mut PgConnection,
    people: &[Person],
) -> Result<Vec<Uuid>> {
    let addresses: Vec<String> = people.iter().flat_map(Person::address_texts).collect();
    Ok(
        sqlx::query_scalar!("select id from wa_send where to_wa = any($1)", &addresses)
            .fetch_all(connection)
            .await?,
    )
}

/// Replaces the person's numbers and names in messages that belong to no lead of theirs, and in edits of these. Every message with their number is
/// changed, of any age and by any sender. A message that the system sent since the person wrote, such as a list or a summary, is
/// also changed if it has their whole name. Of the messages from before the search, only those that it found are looked at.
pub(in crate::whatsapp) async fn erase_mentions(
    connection: &mut PgConnection,
    person: &Person,
    found: &Candidates,
) -> Result<u64> {
    let changed = sqlx::query!(
        "update wa_message
         set body = without_person(body, $4), line = without_person(line, $4),
             parameters = case when parameters is not null
                               then array(select without_person(word, $4) from unnest(parameters) word) end
         where (id = any($6) or created_at >= $7 or kind = 'echo' and id >= $9)
           and not coalesce(lead_id = any($1), false)
           and (concat_ws(' ', body, line, array_to_string(parameters, ' ')) ~ any($2)
                or direction = 'out' and delivery_status <> 'queued' and created_at >= coalesce($3::timestamptz, '-infinity')
                   and (lead_id is null or kind = any($8))
                   and concat_ws(' ', body, line, array_to_string(parameters, ' ')) ~* any($5))",
        &person.lead_ids(),
        &person.numbers(),
        person.since,
        &person.words(),
        &person.full_names(),
        &found.ids,
        found.since,
        &NAMING as _,
        found.since_id
    )
    .execute(&mut *connection)
    .await?;
    let corrections = sqlx::query!(
        "update wa_correction set body = without_person(body, $2) where body ~ any($1)",
        &person.numbers(),
        &person.words()
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() + corrections.rows_affected())
}

pub(in crate::whatsapp) async fn delete_old_digests(connection: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from erased_message where digest in (
             select digest from erased_message where erased_at < now() - interval '8 days' limit 1000)"
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
