//! Operations that are given up half way: a client hangs up, a task is ended.

use shared::db;
use shared::testing::TestDatabase;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

#[tokio::test]
async fn a_transaction_that_is_given_up_while_it_begins_takes_nothing_of_the_next_operation_with_it()
 {
    let database = TestDatabase::empty().await;
    let (pool, other) = (database.pool(1), database.pool(1));
    sqlx::raw_sql("create table written (number integer)")
        .execute(&pool)
        .await
        .expect("a table");
    let mut given_up = 0;
    for steps in 1.. {
        {
            let mut begun = pin!(db::begin(&pool));
            let mut has_begun = false;
            for _ in 0..steps {
                let polled =
                    std::future::poll_fn(|context| Poll::Ready(begun.as_mut().poll(context))).await;
                if polled.is_ready() {
                    has_begun = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
            if has_begun {
                break;
            }
        }
        given_up = steps;
        sqlx::query("insert into written values ($1)")
            .bind(steps)
            .execute(&pool)
            .await
            .expect("written");
        let seen: bool =
            sqlx::query_scalar("select exists (select from written where number = $1)")
                .bind(steps)
                .fetch_one(&other)
                .await
                .expect("read");
        assert!(seen, "after {steps} steps the next write was lost");
    }
    assert!(given_up > 0, "the transaction was given up at least once");
}
