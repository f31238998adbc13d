//! Begins transactions.

use crate::Result;
use futures::future::BoxFuture;
use sqlx::{PgPool, Postgres, Transaction};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;

/// Begins a transaction. It can be given up at any time, as the api does with the request of a client who hangs up.
///
/// sqlx 0.9.0 cannot: if `Pool::begin` is dropped between `BEGIN` and its answer, the connection returns to the pool inside a
/// transaction that nobody ends. What the next operation writes there without a transaction of its own is lost, and its locks stay
/// until the server ends the session (<https://github.com/transact-rs/sqlx/issues/4393>, mended after 0.9.0). clippy.toml
/// forbids the pool's own.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let connection = pool.acquire().await?;
    Ok(ToItsEnd(Some(Transaction::begin(connection, None))).await?)
}

type Beginning = BoxFuture<'static, sqlx::Result<Transaction<'static, Postgres>>>;

/// Waits for `BEGIN`. Dropped before its answer, it waits in the background, and the transaction is rolled back.
struct ToItsEnd(Option<Beginning>);

impl Future for ToItsEnd {
    type Output = sqlx::Result<Transaction<'static, Postgres>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let beginning = self.0.as_mut().expect("not asked again after its answer");
        let polled = beginning.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl Drop for ToItsEnd {
    fn drop(&mut self) {
        if let (Some(beginning), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(beginning);
        }
    }
}
