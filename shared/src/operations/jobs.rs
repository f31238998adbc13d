//! Jobs: listed, counted, tried again, run now, discarded.

use super::model::{Action, Actor, FailedTry, Filter, JobRow, Page};
use super::revive::revive;
use super::store;
use crate::{App, Error, Result};

/// The longest list.
const LONGEST_PAGE: u16 = 500;
/// How many jobs one transaction changes, so that workers never wait long for their rows.
const BATCH: i64 = 500;

/// A job with its failed tries.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The job.
    pub job: JobRow,
    /// Its failed tries, the first one first; also those before a person had it run again.
    pub failures: Vec<FailedTry>,
}

/// The jobs that fit a filter, by id: the oldest first.
pub async fn list(app: &App, filter: &Filter, page: &Page) -> Result<Vec<JobRow>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let page = Page {
        limit: page.limit.clamp(1, LONGEST_PAGE),
        ..page.clone()
    };
    store::jobs(&mut connection, filter, &page, now).await
}

/// How many jobs fit a filter and can be changed by an action. Without one: how many fit.
pub async fn count(app: &App, filter: &Filter, action: Option<Action>) -> Result<i64> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::count(&mut connection, filter, action, now).await
}

/// One job. `None` if it is done, or never was.
pub async fn job(app: &App, id: &str) -> Result<Option<Shown>> {
    let filter = Filter {
        ids: Some(vec![id.to_owned()]),
        ..Filter::default()
    };
    let page = Page {
        after: None,
        limit: 1,
    };
    let Some(job) = list(app, &filter, &page).await?.pop() else {
        return Ok(None);
    };
    let mut connection = app.pool.acquire().await?;
    let failures = store::failures(&mut connection, id).await?;
    Ok(Some(Shown { job, failures }))
}

/// Does something with every job that fits a filter, in batches, and returns how many it were.
///
/// `expected` is how many the caller counted. If more fit now, nothing is done: conflict `count_changed`. Jobs that are done
/// in the meantime are left out. A job that runs is never changed.
pub async fn act(
    app: &App,
    by: &Actor,
    action: Action,
    filter: &Filter,
    expected: i64,
) -> Result<i64> {
    let now_there = count(app, filter, Some(action)).await?;
    if now_there > expected {
        return Err(Error::Clash {
            code: "count_changed",
            detail: format!("{now_there} jobs fit now, not {expected}"),
        });
    }
    let mut done = 0;
    while done < expected {
        let mut transaction = app.begin().await?;
        let now = app.clock.now(&mut transaction).await?;
        let most = BATCH.min(expected - done);
        let batch = match action {
            Action::Retry | Action::RunNow => {
                let batch = store::run_again(&mut transaction, filter, action, (now, most)).await?;
                if action == Action::Retry {
                    store::keep_former_failures(&mut transaction, &batch.ids).await?;
                    revive(&mut transaction, &batch.payloads).await?;
                }
                batch
            }
            Action::Discard => store::discard(&mut transaction, filter, (now, most)).await?,
        };
        let changed = i64::try_from(batch.ids.len()).unwrap_or(i64::MAX);
        if changed == 0 {
            break;
        }
        let mut subject = store::json_of(filter, now);
        subject["deleted"] = batch.deleted.into();
        let what = (by, action.as_str(), &subject);
        store::record(&mut transaction, now, what, changed).await?;
        store::announce(&mut transaction, &batch.queues).await?;
        transaction.commit().await?;
        done += changed;
    }
    tracing::warn!(action = action.as_str(), jobs = done, %by, "operations.acted");
    Ok(done)
}
