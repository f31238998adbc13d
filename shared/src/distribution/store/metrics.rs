//! SQL of the metrics. Every figure is read by an index.

use crate::Result;
use crate::distribution::model::{Metrics, Punctuality};
use crate::jobs::{ForwardLeadToSales, Job, SendMessage, workers_alive};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub(crate) async fn metrics(
    connection: &mut PgConnection,
    provider: &str,
    now: DateTime<Utc>,
) -> Result<Metrics> {
    let workers = workers_alive(&mut *connection).await?;
    let row = sqlx::query!(
        r#"select
             (select count(*) from distribution_attempt where status = 'open') as "offers_open!",
             (select count(*) from distribution_attempt
              where status = 'open' and ack_deadline_at < $2::timestamptz - interval '2 seconds'
                and not exists (select from provider_health h where h.provider = $1 and h.frozen_since is not null))
                 as "offers_overdue!",
             (select count(*) from distribution_cycle where status = 'held') as "leads_held!",
             (select count(*) from provider_health where provider = $1 and frozen_since is not null) as "provider_frozen!",
             (select count(*) from apalis.jobs
              where job_type in ($3, $4) and status in ('Pending', 'Queued', 'Running', 'Failed')) as "messages_waiting!",
             (select count(*) from apalis.jobs where status = 'Killed') as "jobs_dead!",
             (select count(*) from inbound_event) as "messages_unhandled!",
             coalesce((select extract(epoch from $2::timestamptz - min(received_at))::float8 from inbound_event), 0) as "messages_oldest!",
             coalesce((select extract(epoch from $2::timestamptz - min(run_at))::float8 from apalis.jobs
                       where status = 'Pending' and run_at < $2::timestamptz), 0) as "jobs_oldest!",
             (select count(*) from job_pause) as "queues_paused!",
             (select count(*) from wa_send where settled_at is null) as "sends_unsettled!",
             (select count(*) from webhook_delivery where handled_at is null) as "deliveries_waiting!",
             (select count(*) from webhook_unread where closed_at is null) as "deliveries_unread!",
             (select count(*) from meta_lead where state = 'waiting') as "meta_leads_waiting!",
             (select count(*) from meta_lead where state = 'unusable') as "meta_leads_unusable!",
             (select count(*) from audit_breach where last_seen_at > $2::timestamptz - interval '1 day') as "breaches!",
             (select count(*) from distribution_event
              where kind = 'hangus' and at > $2::timestamptz - interval '1 day') as "hangus!",
             (select count(*) from distribution_event
              where kind in ('accepted', 'taken_back') and at > $2::timestamptz - interval '1 day') as "claimed!""#,
        provider,
        now,
        ForwardLeadToSales::QUEUE,
        SendMessage::QUEUE
    )
    .fetch_one(&mut *connection)
    .await?;
    let rolls = sqlx::query!(
        r#"select count(*) as "count!",
                  coalesce(percentile_disc(0.5) within group (order by lateness_us), 0) / 1e6::float8 as "p50!",
                  coalesce(percentile_disc(0.99) within group (order by lateness_us), 0) / 1e6::float8 as "p99!",
                  coalesce(max(lateness_us), 0) / 1e6::float8 as "max!"
           from distribution_event
           where kind = 'timed_out' and at > $1::timestamptz - interval '5 minutes'"#,
        now
    )
    .fetch_one(connection)
    .await?;
    Ok(Metrics {
        offers_open: row.offers_open,
        offers_overdue: row.offers_overdue,
        leads_held: row.leads_held,
        provider_frozen: row.provider_frozen,
        messages_waiting: row.messages_waiting,
        jobs_dead: row.jobs_dead,
        workers_alive: workers,
        messages_unhandled: row.messages_unhandled,
        messages_oldest: row.messages_oldest,
        jobs_oldest: row.jobs_oldest,
        queues_paused: row.queues_paused,
        sends_unsettled: row.sends_unsettled,
        deliveries_waiting: row.deliveries_waiting,
        deliveries_unread: row.deliveries_unread,
        meta_leads_waiting: row.meta_leads_waiting,
        meta_leads_unusable: row.meta_leads_unusable,
        rolls: rolls.count,
        roll_lateness_p50: rolls.p50,
        roll_lateness_p99: rolls.p99,
        roll_lateness_max: rolls.max,
        breaches: row.breaches,
        hangus: row.hangus,
        claimed: row.claimed,
    })
}

pub(crate) async fn punctuality(
    connection: &mut PgConnection,
    provider: &str,
    now: DateTime<Utc>,
) -> Result<Punctuality> {
    Ok(sqlx::query_as!(
        Punctuality,
        r#"select count(*) as "overdue!",
                  extract(epoch from $2::timestamptz - min(ack_deadline_at))::float8 as latest_seconds,
                  (select extract(epoch from $2::timestamptz - due_at)::float8 from audit_run where isfinite(due_at)) as audit_due_seconds
           from distribution_attempt
           where status = 'open' and ack_deadline_at < $2::timestamptz - interval '2 seconds'
             and not exists (select from provider_health where provider = $1 and frozen_since is not null)"#,
        provider,
        now
    )
    .fetch_one(connection)
    .await?)
}
