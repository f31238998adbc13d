//! Connections of rolls are warm before the first deadline.

use secrecy::SecretString;
use shared::testing::Harness;
use shared::{db, distribution};

#[tokio::test]
async fn the_connections_for_rolls_have_rolled_an_offer_each_that_nobody_sees() {
    let harness = Harness::new().await;
    let url = SecretString::from(harness.database.url().to_owned());
    let options = db::options(&url, "test").expect("a URL");
    let pool = distribution::pool_for_rolls(&harness.app, options, 2);
    distribution::open_all(&pool).await;
    assert_eq!(pool.num_idle(), 2);
    let written: Vec<(String, i64)> = sqlx::query_as(
        "select 'codes', last_value from offer_code where is_called
         union all select 'leads', count(*) from lead
         union all select 'jobs', count(*) from apalis.jobs",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("the tables");
    let expected = [("codes", 4), ("leads", 0), ("jobs", 0)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(written, expected, "two offers by each, rolled back");
}
