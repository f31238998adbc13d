//! Runs jobs by the test's clock: the same handlers as the worker's, without apalis.

use crate::jobs;
use crate::outcome::Outcome;
use chrono::{DateTime, Utc};
use shared::jobs::{
    CheckAckDeadline, FetchMetaLead, ForwardLeadToSales, HandleDelivery, Job, ReconcileMetaLeads,
    ReleaseHeldLeads, RemindOfAppointment, SendConversion, SendMessage, SyncAppointment,
};
use shared::{App, Result};

/// Runs every job that is due by the app's clock, in order, until none is. Returns how many ran.
pub async fn drain(app: &App) -> Result<usize> {
    let mut ran = 0;
    while let Some(job) = next_due(app).await? {
        run(app, &job).await?;
        ran += 1;
    }
    Ok(ran)
}

/// Moves the manual clock to `target`, stopping at each job on the way when it is due.
pub async fn run_until(app: &App, target: DateTime<Utc>) -> Result<()> {
    loop {
        drain(app).await?;
        match next_run_at(app).await? {
            Some(run_at) if run_at <= target => app.clock.set(run_at.max(app.clock.reading())),
            _ => break,
        }
    }
    app.clock.set(target.max(app.clock.reading()));
    drain(app).await?;
    Ok(())
}

/// Every job as it waits: queue, payload and when it is due. For tests that run them again.
pub async fn waiting(app: &App) -> Result<Vec<(String, Vec<u8>, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        "select job_type, job, run_at from apalis.jobs where status = 'Pending' order by run_at, id"
    )
    .fetch_all(&app.pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.job_type, row.job, row.run_at))
        .collect())
}

/// How many jobs were laid aside.
pub async fn dead_letters(app: &App) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from apalis.jobs where status = 'Killed'"#
    )
    .fetch_one(&app.pool)
    .await?)
}

/// Runs one job of a queue.
pub async fn perform(app: &App, queue: &str, payload: &[u8], tried: usize) -> Outcome {
    match queue {
        CheckAckDeadline::QUEUE => jobs::run::<CheckAckDeadline>(app, payload, tried).await,
        ForwardLeadToSales::QUEUE => jobs::run::<ForwardLeadToSales>(app, payload, tried).await,
        SendMessage::QUEUE => jobs::run::<SendMessage>(app, payload, tried).await,
        ReleaseHeldLeads::QUEUE => jobs::run::<ReleaseHeldLeads>(app, payload, tried).await,
        HandleDelivery::QUEUE => jobs::run::<HandleDelivery>(app, payload, tried).await,
        FetchMetaLead::QUEUE => jobs::run::<FetchMetaLead>(app, payload, tried).await,
        ReconcileMetaLeads::QUEUE => jobs::run::<ReconcileMetaLeads>(app, payload, tried).await,
        SendConversion::QUEUE => jobs::run::<SendConversion>(app, payload, tried).await,
        RemindOfAppointment::QUEUE => jobs::run::<RemindOfAppointment>(app, payload, tried).await,
        SyncAppointment::QUEUE => jobs::run::<SyncAppointment>(app, payload, tried).await,
        unknown => panic!("a job of a queue that no worker knows: {unknown}"),
    }
}

struct Due {
    id: String,
    job_type: String,
    job: Vec<u8>,
    attempts: i32,
}

async fn next_due(app: &App) -> Result<Option<Due>> {
    Ok(sqlx::query_as!(
        Due,
        r#"select id, job_type, job, attempts as "attempts!" from apalis.jobs
           where status = 'Pending' and run_at <= $1 order by run_at, id limit 1"#,
        app.clock.reading()
    )
    .fetch_optional(&app.pool)
    .await?)
}

async fn next_run_at(app: &App) -> Result<Option<DateTime<Utc>>> {
    Ok(
        sqlx::query_scalar!("select min(run_at) from apalis.jobs where status = 'Pending'")
            .fetch_one(&app.pool)
            .await?,
    )
}

async fn run(app: &App, job: &Due) -> Result<()> {
    let tried = usize::try_from(job.attempts).unwrap_or(0) + 1;
    match perform(app, &job.job_type, &job.job, tried).await {
        Outcome::Done => {
            sqlx::query!("delete from apalis.jobs where id = $1", job.id)
                .execute(&app.pool)
                .await?;
        }
        Outcome::Again(wait) => {
            sqlx::query!(
                "update apalis.jobs set run_at = $2, attempts = attempts + 1 where id = $1",
                job.id,
                app.clock.reading() + wait
            )
            .execute(&app.pool)
            .await?;
        }
        Outcome::Later(wait) => {
            sqlx::query!(
                "update apalis.jobs set run_at = $2 where id = $1",
                job.id,
                app.clock.reading() + wait
            )
            .execute(&app.pool)
            .await?;
        }
        Outcome::Dead => {
            sqlx::query!(
                "update apalis.jobs set status = 'Killed' where id = $1",
                job.id
            )
            .execute(&app.pool)
            .await?;
        }
    }
    Ok(())
}
