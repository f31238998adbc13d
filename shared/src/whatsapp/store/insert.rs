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

/// Outbound messages as columns of `wa_message`.
#[derive(Default)]
struct DraftColumns<'draft> {
    ids: Vec<MessageId>,
    leads: Vec<Option<uuid::Uuid>>,
    cycles: Vec<Option<uuid::Uuid>>,
    attempts: Vec<Option<uuid::Uuid>>,
    answers: Vec<Option<uuid::Uuid>>,
    kinds: Vec<&'draft str>,
    to: Vec<&'draft str>,
    bodies: Vec<&'draft str>,
    lines: Vec<Option<&'draft str>>,
    parameters: Vec<Option<serde_json::Value>>,
    for_clients: Vec<bool>,
}

impl<'draft> DraftColumns<'draft> {
    fn of(drafts: &[(MessageId, &'draft Draft)]) -> Self {
        let mut columns = Self::default();
        for (id, draft) in drafts {
            columns.ids.push(*id);
            columns.leads.push(draft.lead.map(|id| id.0));
            columns.cycles.push(draft.cycle.map(|id| id.0));
            columns.attempts.push(draft.attempt.map(|id| id.0));
            columns.answers.push(draft.in_reply_to.map(|id| id.0));
            columns.kinds.push(draft.kind.as_str());
            columns.to.push(draft.to.as_str());
            columns.bodies.push(&draft.body);
            let short = draft.short.as_ref();
            columns.lines.push(short.map(|short| short.line.as_str()));
            columns
                .parameters
                .push(short.map(|short| json!(short.parameters)));
            columns.for_clients.push(draft.kind.is_for_clients());
        }
        columns
    }
}

/// Inserts outbound rows in one statement, with jobs that are due now: each belongs to the row at its place. Returns those that it
/// inserted. It inserts neither the row nor the job of a message that exists, or whose client wants no messages.
pub(in super::super) async fn insert_out(
    work: &mut UnitOfWork<'_>,
    drafts: &[(MessageId, &Draft)],
    jobs: &[Scheduled],
) -> Result<Vec<MessageId>> {
    let (new, jobs, origin) = (
        DraftColumns::of(drafts),
        JobColumns::of(jobs),
        Origin::here(),
    );
    let inserted = sqlx::query!(
        r#"with message as (
               insert into wa_message (id, lead_id, cycle_id, attempt_id, in_reply_to, direction, kind,
                                       from_wa, to_wa, body, provider, delivery_status, created_at, line, parameters)
               select id, lead, cycle, attempt, answers, 'out', kind, $12, to_wa, body, $13, 'queued', $14, line,
                      (select array_agg(value order by n)
                       from jsonb_array_elements_text(parameters) with ordinality as one (value, n))
               from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                           $9::text[], $10::jsonb[], $11::bool[])
                    as draft (id, lead, cycle, attempt, answers, kind, to_wa, body, line, parameters, for_clients)
               where not (for_clients and (exists (select from contact_block where address = draft.to_wa)
                                           or exists (select from wa_identity i join contact_block b on b.address = i.address
                                                      where i.lead_id = draft.lead)))
               on conflict do nothing
               returning id),
           enqueued as (
               insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key, metadata)
               select job.id, queue, payload, due, tries, 0, key, hstore($21::text[], $22::text[])
               from unnest($1::uuid[], $15::text[], $16::text[], $17::bytea[], $18::timestamptz[], $19::int[], $20::text[])
                    as job (message, id, queue, payload, due, tries, key)
               join message on message.id = job.message
               where job.id is not null
               on conflict (job_type, idempotency_key) do nothing
               returning job_type)
           select array(select id from message) as "inserted!: Vec<MessageId>",
                  (select count(pg_notify($23, job_type)) from enqueued) as announced"#,
        &new.ids as _,
        &new.leads as _,
        &new.cycles as _,
        &new.attempts as _,
        &new.answers as _,
        &new.kinds as _,
        &new.to as _,
        &new.bodies as _,
        &new.lines as _,
        &new.parameters as _,
        &new.for_clients,
        work.app.company_phone.as_str(),
        work.app.provider.name(),
        work.now,
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

/// Inserts inbound rows, each with the time at its place. Returns those that it inserted: the others exist, or were erased.
pub(in super::super) async fn insert_in(
    connection: &mut PgConnection,
    records: &[(&InboundRecord, DateTime<Utc>)],
    to: &Phone,
    provider: &str,
) -> Result<Vec<MessageId>> {
    let (mut ids, mut kinds, mut from) = (Vec::new(), Vec::new(), Vec::new());
    let (mut leads, mut cycles, mut attempts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bodies, mut outcomes, mut provider_ids) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sent, mut created) = (Vec::new(), Vec::new());
    for (record, now) in records {
        ids.push(record.id);
        kinds.push(record.kind.as_str());
        from.push(record.from.as_str());
        leads.push(record.lead);
        cycles.push(record.cycle);
        attempts.push(record.attempt);
        bodies.push(record.body.as_str());
        outcomes.push(record.outcome);
        provider_ids.push(record.provider_message_id.as_deref());
        sent.push(record.sent_at);
        created.push(*now);
    }
    Ok(sqlx::query_scalar!(
        r#"insert into wa_message (id, lead_id, cycle_id, attempt_id, direction, kind, from_wa, to_wa, body,
                                   outcome, provider, provider_message_id, delivery_status, sent_at, created_at)
           select id, lead, cycle, attempt, 'in', kind, from_wa, $12, body, outcome, $13, provider_id, 'received', sent, created
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                       $10::timestamptz[], $11::timestamptz[])
                as message (id, lead, cycle, attempt, kind, from_wa, body, outcome, provider_id, sent, created)
           where not exists (select from erased_message e where e.digest = sha256(convert_to(message.provider_id, 'UTF8')))
           on conflict do nothing
           returning id as "id: MessageId""#,
        &ids as _,
        &leads as _,
        &cycles as _,
        &attempts as _,
        &kinds as _,
        &from as _,
        &bodies as _,
        &outcomes as _,
        &provider_ids as _,
        &sent as _,
        &created,
        to.as_str(),
        provider
    )
    .fetch_all(connection)
    .await?)
}
