//! SQL of one person's forms and deliveries.

use crate::Result;
use crate::leads::Person;
use serde_json::Value;
use sqlx::PgConnection;

pub(in crate::meta) async fn person_rows(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"with forms as (
               select m.*, f.name as form_name from meta_lead m left join meta_form f on f.id = m.form_id
               where m.lead_id = any($1) or m.answers::text ~* any($2))
           select jsonb_build_object(
               'forms', (select jsonb_agg(to_jsonb(f) order by f.heard_at) from forms f),
               'conversions', (select jsonb_agg(to_jsonb(c) order by c.at) from conversion_event c where c.lead_id = any($1)),
               'deliveries', (select jsonb_agg(jsonb_build_object('id', d.id, 'received_at', d.received_at,
                                                                  'body', encode(d.body, 'escape')) order by d.received_at)
                              from webhook_delivery d
                              where exists (select from unnest($3::text[]) digits
                                            where position(convert_to(digits, 'UTF8') in d.body) > 0)
                                 or encode(d.body, 'escape') ~ any($4))) as "rows!""#,
        &person.lead_ids(),
        &person.patterns(),
        &person.digits(),
        &person.numbers()
    )
    .fetch_one(connection)
    .await?)
}

/// Whether a delivery that names the person is not handled yet. One that a person must look at is no such delivery.
pub(in crate::meta) async fn is_arriving(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from webhook_delivery d
               where d.handled_at is null
                 and not exists (select from webhook_unread u where u.delivery_id = d.id)
                 and (exists (select from unnest($1::text[]) digits
                              where position(convert_to(digits, 'UTF8') in d.body) > 0)
                      or encode(d.body, 'escape') ~ any($2))) as "arriving!""#,
        &person.digits(),
        &person.numbers()
    )
    .fetch_one(connection)
    .await?)
}

/// Erases the answers of a person's forms, and deletes deliveries that name them. A form that waits is not taken any more. The id
/// of a form's lead stays, so that a search at Meta does not take it again. Returns how many forms and deliveries.
pub(in crate::meta) async fn erase_person(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<(u64, u64)> {
    let forms = sqlx::query!(
        "update meta_lead
         set answers = null, consent = null, reason = 'erased',
             state = case when state in ('waiting', 'unusable') then 'discarded' else state end
         where lead_id = any($1) or answers::text ~* any($2)",
        &person.lead_ids(),
        &person.patterns()
    )
    .execute(&mut *connection)
    .await?;
    let deliveries = sqlx::query!(
        "delete from webhook_delivery d
         where exists (select from unnest($1::text[]) digits where position(convert_to(digits, 'UTF8') in d.body) > 0)
            or encode(d.body, 'escape') ~ any($2)",
        &person.digits(),
        &person.numbers()
    )
    .execute(connection)
    .await?;
    Ok((forms.rows_affected(), deliveries.rows_affected()))
}
