//! Connections of rolls are warm before the first deadline.

use secrecy::SecretString;
use shared::testing::Harness;
use shared::{db, distribution};

#[tokio::test]
async fn the_connections_for_rolls_are_open_and_have_planned_a_roll_before_the_first_deadline() {
    let harness = Harness::new().await;
    let url = SecretString::from(harness.database.url().to_owned());
    let options = db::options(&url, "test").expect("a URL");
    let pool = distribution::pool_for_rolls(&harness.app, options, 2);
    assert_eq!(pool.size(), 0, "a pool connects at first use");
    distribution::open_all(&pool).await;
    assert_eq!(pool.size(), 2);
    for _ in 0..2 {
        let mut warm = pool.acquire().await.expect("a connection").detach();
        let planned: Vec<String> = sqlx::query_scalar(
            "select step from (values ('%for update of l, c, a%'), ('%timed_out%'), ('%distribution_cycle_member m%'),
                                      ('%insert into distribution_attempt%'), ('%update of l, c, a skip locked%'),
                                      ('%asked_for (id) cross join lateral%distribution_cycle_member m%')) roll (step)
             where exists (select from pg_prepared_statements where generic_plans > 0 and statement like step)",
        )
        .fetch_all(&mut warm)
        .await
        .expect("the statements");
        assert_eq!(planned.len(), 6, "{planned:?}");
    }
}
