//! The tests' own base: a database that begins again has nothing of the story before.

use shared::distribution;
use shared::testing::{Harness, ad};
use sqlx::PgPool;

/// A digest of the rows of every table, and the state of every sequence.
async fn everything(pool: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as(
        "select name, (xpath('/row/x/text()', query_to_xml(
                    case kind when 'S' then format('select last_value || is_called::text as x from %s', name)
                    else format('select count(*) || coalesce(md5(string_agg(t::text, ''|'' order by t::text)), '''') as x from %s t', name) end,
                    false, true, '')))[1]::text
         from (select format('%I.%I', n.nspname, c.relname) as name, c.relkind as kind
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'S') and n.nspname in ('public', 'apalis')) object
         order by name",
    )
    .fetch_all(pool)
    .await
    .expect("every table")
}

async fn offered_to(harness: &Harness) -> String {
    let taken = distribution::take_ad(&harness.app, &ad("meta-1", "081234001234")).await;
    let attempt = taken.expect("taken").attempt.expect("an offer");
    sqlx::query_scalar("select sales_id || ' ' || code || ' ' || assigned_at from distribution_attempt where id = $1")
        .bind(attempt.0)
        .fetch_one(&harness.app.pool)
        .await
        .expect("the offer")
}

#[tokio::test]
async fn a_database_that_begins_again_has_nothing_of_the_story_before() {
    let mut harness = Harness::new().await;
    harness.remember().await;
    let before = everything(&harness.app.pool).await;
    assert!(before.len() > 60, "{before:?}");
    let first = offered_to(&harness).await;
    sqlx::query("update \"user\" set name = 'Somebody else'")
        .execute(&harness.app.pool)
        .await
        .expect("a change");
    harness
        .app
        .clock
        .set(harness.now() + chrono::TimeDelta::days(1));
    assert_ne!(everything(&harness.app.pool).await, before);
    harness.begin_again().await;
    assert_eq!(everything(&harness.app.pool).await, before);
    assert_eq!(offered_to(&harness).await, first, "the same time and code");
}
