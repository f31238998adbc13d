//! SQL of one person's forms and deliveries.

use crate::Result;
use crate::leads::{Candidates, Person};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Of a delivery only what names the person: it can carry other people's messages.
pub(in crate::meta) async fn person_rows(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"with forms as (
               select m.*, f.name as form_name, t.terms, t.seen_at as terms_seen_at
               from meta_lead m left join meta_form f on f.id = m.form_id left join meta_form_terms t on t.id = m.terms_id
               where m.lead_id = any($1) or m.answers::text ~ any($2)
                  or m.id in (select e.meta_lead_id from lead_enquiry e where e.lead_id = any($1)))
           select jsonb_build_object(
               'forms', (select jsonb_agg(to_jsonb(f) order by f.heard_at) from forms f),
               'conversions', (select jsonb_agg(to_jsonb(c) order by c.at) from conversion_event c where c.lead_id = any($1)),
               'deliveries', (select jsonb_agg(jsonb_build_object('id', d.id, 'received_at', d.received_at,
                                                                  'body', delivery_of_person(d.body, $3)) order by d.received_at)
                              from webhook_delivery d where encode(d.body, 'escape') ~ any($3))) as "rows!""#,
        &person.lead_ids(),
        &person.numbers(),
        &person.keys()
    )
    .fetch_one(connection)
    .await?)
}

/// Searches all deliveries for those that name the person.
pub(in crate::meta) async fn search(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from webhook_delivery where encode(body, 'escape') ~ any($1)",
        &person.keys()
    )
    .fetch_all(connection)
    .await?)
}

/// A delivery that names the person and is not handled, or of which a part waits for somebody of the office.
pub(in crate::meta) async fn open_delivery(
    connection: &mut PgConnection,
    person: &Person,
    found: &Candidates,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select d.id from webhook_delivery d
         where (d.id = any($2) or d.handled_at is null or d.handled_at >= $3)
           and (d.handled_at is null
                or exists (select from webhook_unread u where u.delivery_id = d.id and u.closed_at is null))
           and encode(d.body, 'escape') ~ any($1)
         limit 1",
        &person.keys(),
        &found.ids,
        found.since
    )
    .fetch_optional(connection)
    .await?)
}

/// Erases the answers of a person's forms. A form that waits is not taken any more. The id of a form's lead stays, so that a
/// search at Meta does not take it again. Returns how many forms.
///
/// `by_number`: also forms without a lead that contain the number.
pub(in crate::meta) async fn erase_forms(
    connection: &mut PgConnection,
    person: &Person,
    by_number: bool,
) -> Result<u64> {
    let numbers = if by_number {
        person.numbers()
    } else {
        Vec::new()
    };
    let forms = sqlx::query!(
        "update meta_lead
         set answers = null, consent = null, reason = 'erased',
             state = case when state in ('waiting', 'unusable') then 'discarded' else state end
         where lead_id = any($1) or answers::text ~ any($2)
            or id in (select e.meta_lead_id from lead_enquiry e where e.lead_id = any($1))",
        &person.lead_ids(),
        &numbers
    )
    .execute(connection)
    .await?;
    Ok(forms.rows_affected())
}

/// Deletes the deliveries that name the person. Returns how many.
pub(in crate::meta) async fn delete_deliveries(
    connection: &mut PgConnection,
    person: &Person,
    found: &Candidates,
) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from webhook_delivery d
         where (d.id = any($2) or d.handled_at is null or d.handled_at >= $3) and encode(d.body, 'escape') ~ any($1)",
        &person.keys(),
        &found.ids,
        found.since
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
