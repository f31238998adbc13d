//! For tests: runs jobs by the test's clock, with the worker's handlers and without apalis. Deadlines and messages that are due at the
//! same instant are handled as a busy worker does, together.

use crate::jobs::run::Ran;
use crate::outcome::Outcome;
use crate::registry::JOBS;
use chrono::{DateTime, Utc};
use shared::distribution::{self, Cause};
use shared::id::AttemptId;
use shared::jobs::{CheckAckDeadline, Job};
use shared::{App, Result};
use std::iter;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The longest time for a message to be sent.
const SENT_WITHIN: Duration = Duration::from_secs(60);

/// Runs every job that is due by the app's clock, in order, until none is. Returns how many ran.
pub async fn drain(app: &App) -> Result<usize> {
    let mut ran = 0;
    while let Some(job) = next_due(app).await? {
        if job.job_type == CheckAckDeadline::QUEUE {
            let together = roll_together(app).await?;
            if together > 0 {
                ran += together;
                continue;
            }
        }
        if sends_messages(&job) {
            ran += send_together(app).await?;
            continue;
        }
        let ended = attempt(app, &job.job_type, &job.job, job.tried()).await;
        end(app, &job, ended).await?;
        ran += 1;
    }
    Ok(ran)
}

fn sends_messages(job: &Due) -> bool {
    JOBS.iter()
        .any(|kind| kind.sends_messages && kind.queue == job.job_type)
}

/// Sends the messages that are due before any other job, in their order, and only then has their acceptances recorded. Returns how many
/// jobs that ends.
async fn send_together(app: &App) -> Result<usize> {
    let due = due_now(app).await?;
    let sends: Vec<Due> = due.into_iter().take_while(sends_messages).collect();
    let turns: Vec<_> = iter::from_fn(|| app.sending.acceptances.try_alone()).collect();
    let mut running = Vec::with_capacity(sends.len());
    for job in &sends {
        let before = app.sending.acceptances.waiting();
        let (sending, queue) = (app.clone(), job.job_type.clone());
        let (payload, tried) = (job.job.clone(), job.tried());
        let one = tokio::spawn(async move { attempt(&sending, &queue, &payload, tried).await });
        let waits_or_ended = async {
            while !one.is_finished() && app.sending.acceptances.waiting() == before {
                sleep(Duration::from_micros(200)).await;
            }
        };
        timeout(SENT_WITHIN, waits_or_ended)
            .await
            .expect("a message is sent or not");
        running.push(one);
    }
    drop(turns);
    for (job, one) in sends.iter().zip(running) {
        end(app, job, one.await.expect("the job ends")).await?;
    }
    Ok(sends.len())
}

/// Rolls the offers that are due now together, as a worker does that has many, if there are several. Returns how many jobs that ends.
async fn roll_together(app: &App) -> Result<usize> {
    let due = sqlx::query!(
        "select id, job from apalis.jobs where status = 'Pending' and job_type = $1 and run_at <= $2",
        CheckAckDeadline::QUEUE,
        app.clock.reading()
    )
    .fetch_all(&app.pool)
    .await?;
    let jobs: Vec<(String, AttemptId)> = due
        .into_iter()
        .filter_map(|row| {
            Some((
                row.id,
                serde_json::from_slice::<CheckAckDeadline>(&row.job)
                    .ok()?
                    .attempt,
            ))
        })
        .collect();
    if jobs.len() < 2 {
        return Ok(0);
    }
    let attempts: Vec<AttemptId> = jobs.iter().map(|(_, attempt)| *attempt).collect();
    let rolled = distribution::roll_due_together(app, &attempts, Cause::Alarm).await?;
    let is_rolled = |attempt: &AttemptId| rolled.iter().any(|one| one.attempt == *attempt);
    let ended: Vec<String> = jobs
        .into_iter()
        .filter(|(_, attempt)| is_rolled(attempt))
        .map(|(id, _)| id)
        .collect();
    sqlx::query!("delete from apalis.jobs where id = any($1)", &ended)
        .execute(&app.pool)
        .await?;
    Ok(ended.len())
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

/// Every pending job: queue, payload and due time. For tests that run jobs twice.
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

/// The number of dead letters.
pub async fn dead_letters(app: &App) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from apalis.jobs where status = 'Killed'"#
    )
    .fetch_one(&app.pool)
    .await?)
}

/// Runs one job of a queue, and returns what becomes of it. Panics if no worker runs that queue.
pub async fn perform(app: &App, queue: &str, payload: &[u8], tried: usize) -> Outcome {
    attempt(app, queue, payload, tried).await.outcome
}

async fn attempt(app: &App, queue: &str, payload: &[u8], tried: usize) -> Ran {
    let job = JOBS
        .iter()
        .find(|job| job.queue == queue)
        .unwrap_or_else(|| panic!("no worker runs the queue {queue}"));
    (job.run)(app.clone(), payload.to_vec(), tried).await
}

struct Due {
    id: String,
    job_type: String,
    job: Vec<u8>,
    attempts: i32,
}

impl Due {
    /// Which try the next one is, from 1.
    fn tried(&self) -> usize {
        usize::try_from(self.attempts).unwrap_or(0) + 1
    }
}

/// The job that is due first.
async fn next_due(app: &App) -> Result<Option<Due>> {
    Ok(due_now(app).await?.into_iter().next())
}

/// The first of the jobs that are due, in their order.
async fn due_now(app: &App) -> Result<Vec<Due>> {
    Ok(sqlx::query_as!(
        Due,
        r#"select id, job_type, job, attempts as "attempts!" from apalis.jobs
           where status = 'Pending' and run_at <= $1 order by run_at, id limit 16"#,
        app.clock.reading()
    )
    .fetch_all(&app.pool)
    .await?)
}

async fn next_run_at(app: &App) -> Result<Option<DateTime<Utc>>> {
    Ok(
        sqlx::query_scalar!("select min(run_at) from apalis.jobs where status = 'Pending'")
            .fetch_one(&app.pool)
            .await?,
    )
}

/// Writes what became of a job.
async fn end(app: &App, job: &Due, ran: Ran) -> Result<()> {
    if let Some(failure) = ran.failure {
        sqlx::query!(
            "update apalis.jobs set last_result = jsonb_build_object('Err', $2::text, 'Class', $3::text) where id = $1",
            job.id,
            failure.reason,
            failure.class
        )
        .execute(&app.pool)
        .await?;
    }
    match ran.outcome {
        Outcome::Done => {
            sqlx::query!("delete from apalis.jobs where id = $1", job.id)
                .execute(&app.pool)
                .await?;
        }
        Outcome::Retry(wait) => {
            sqlx::query!(
                "update apalis.jobs set run_at = $2, attempts = attempts + 1 where id = $1",
                job.id,
                app.clock.reading() + wait
            )
            .execute(&app.pool)
            .await?;
        }
        Outcome::Snooze(wait) => {
            sqlx::query!(
                "update apalis.jobs set run_at = $2 where id = $1",
                job.id,
                app.clock.reading() + wait
            )
            .execute(&app.pool)
            .await?;
        }
        Outcome::Discard => {
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
