//! SQL that inserts messages.

use crate::Result;
use crate::id::MessageId;
use crate::jobs::{CHANNEL, JobColumns, Origin, Scheduled};
use crate::phone::Phone;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::model::{Draft, InboundRecord};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// Inserts an outbound row with the jobs of it, which are due now, in one statement. Returns `false`, and inserts nothing, if the
/// row exists or the client wants no messages.
pub(in super::super) async fn insert_out(
    work: &mut UnitOfWork<'_>,
    id: MessageId,
    draft: &Draft,
    jobs: &[Scheduled],
) -> Result<bool> {
    let (jobs, origin) = (JobColumns::of(jobs), Origin::here());
    let inserted = sqlx::query!(
        r#"with message as (
               insert into wa_message (id, lead_id, cycle_id, attempt_id, in_reply_to, direction, kind,
                                       from_wa, to_wa, body, provider, delivery_status, created_at, line, parameters)
               select $1, $2, $3, $4, $5, 'out', $6, $7, $8, $9, $10, 'queued', $11, $12, $13
               where not ($14 and (exists (select from contact_block where address = $8)
                                   or exists (select from wa_identity i join contact_block b on b.address = i.address
                                              where i.lead_id = $2)))
               on conflict do nothing
               returning id),
           enqueued as (
               insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key, metadata)
               select job.id, queue, payload, due, tries, 0, key, hstore($21::text[], $22::text[])
               from message, unnest($15::text[], $16::text[], $17::bytea[], $18::timestamptz[], $19::int[], $20::text[])
                    as job (id, queue, payload, due, tries, key)
               on conflict (job_type, idempotency_key) do nothing
               returning job_type)
           select exists (select from message) as "inserted!",
                  (select count(pg_notify($23, job_type)) from enqueued) as announced"#,
        id.0,
        draft.lead.map(|id| id.0),
        draft.cycle.map(|id| id.0),
        draft.attempt.map(|id| id.0),
        draft.in_reply_to.map(|id| id.0),
        draft.kind.as_str(),
        work.app.company_phone.as_str(),
        draft.to.as_str(),
        draft.body,
        work.app.provider.name(),
        work.now,
        draft.short.as_ref().map(|short| short.line.as_str()),
        draft.short.as_ref().map(|short| short.parameters.as_slice()) as _,
        draft.kind.is_for_clients(),
        &jobs.ids as _,
        &jobs.queues as _,
        &jobs.payloads as _,
        &jobs.times,
        &jobs.tries,
        &jobs.keys as _,
        &origin.keys as _,
        &origin.values,
        CHANNEL
    )
    .fetch_one(&mut *work.connection)
    .await?;
    Ok(inserted.inserted)
}

/// Inserts the rows of these offers. Returns those that it inserted: the row of any other exists.
pub(in super::super) async fn insert_offers(
    work: &mut UnitOfWork<'_>,
    offers: &[(MessageId, Draft)],
) -> Result<Vec<MessageId>> {
    let (mut ids, mut to, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    let (mut leads, mut cycles, mut attempts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lines, mut parameters) = (Vec::new(), Vec::new());
    for (id, draft) in offers {
        ids.push(*id);
        to.push(draft.to.as_str());
        bodies.push(draft.body.as_str());
        leads.push(draft.lead);
        cycles.push(draft.cycle);
        attempts.push(draft.attempt);
        let short = draft.short.as_ref();
        lines.push(short.map(|short| short.line.as_str()));
        parameters.push(short.map(|short| json!(short.parameters)));
    }
    Ok(sqlx::query_scalar!(
        r#"insert into wa_message (id, lead_id, cycle_id, attempt_id, direction, kind, from_wa, to_wa, body, provider,
                                   delivery_status, created_at, line, parameters)
           select id, lead, cycle, attempt, 'out', 'offer', $1, to_wa, body, $2, 'queued', $3, line,
                  (select array_agg(value order by n) from jsonb_array_elements_text(parameters) with ordinality as one (value, n))
           from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::jsonb[])
                as offer (id, lead, cycle, attempt, to_wa, body, line, parameters)
           on conflict do nothing
           returning id as "id: MessageId""#,
        work.app.company_phone.as_str(),
        work.app.provider.name(),
        work.now,
        &ids as _,
        &leads as _,
        &cycles as _,
        &attempts as _,
        &to as _,
        &bodies as _,
        &lines as _,
        &parameters as _
    )
    .fetch_all(&mut *work.connection)
    .await?)
}

pub(in super::super) async fn insert_in(
    connection: &mut PgConnection,
    record: &InboundRecord,
    to: &Phone,
    provider: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into wa_message (id, lead_id, cycle_id, attempt_id, direction, kind, from_wa, to_wa, body,
                                 outcome, provider, provider_message_id, delivery_status, sent_at, created_at)
         select $1, $2, $3, $4, 'in', $5, $6, $7, $8, $9, $10, $11, 'received', $12, $13
         where not exists (select from erased_message where digest = sha256(convert_to($11, 'UTF8')))
         on conflict do nothing",
        record.id.0,
        record.lead.map(|id| id.0),
        record.cycle.map(|id| id.0),
        record.attempt.map(|id| id.0),
        record.kind.as_str(),
        record.from.as_str(),
        to.as_str(),
        record.body,
        record.outcome,
        provider,
        record.provider_message_id,
        record.sent_at,
        now
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
