//! Retention: every table has an owner and an age, and what is old goes.

use sqlx::PgPool;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/operators/retention.md");

async fn tables(pool: &PgPool) -> BTreeSet<String> {
    let names: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and relname not like '\\_sqlx%'",
    )
    .fetch_all(pool)
    .await
    .expect("the tables");
    names.into_iter().collect()
}

#[tokio::test]
async fn the_page_about_retention_names_every_table_and_no_other() {
    let database = shared::testing::TestDatabase::new().await;
    let in_schema = tables(&database.pool(1)).await;
    let words = PAGE.split('`').skip(1).step_by(2);
    let named: BTreeSet<String> = words
        .filter(|word| {
            word.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        .map(str::to_owned)
        .collect();
    assert_eq!(in_schema, named);
}
