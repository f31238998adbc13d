//! The schema: created twice, with the previous server's tables, users and example queries.

use secrecy::SecretString;
use shared::testing::{Harness, TestDatabase};
use shared::{db, seed};
use sqlx::Row;
use std::sync::Mutex;

#[tokio::test]
async fn migrating_and_seeding_twice_is_migrating_and_seeding_once() {
    let database = TestDatabase::empty().await;
    let url = SecretString::from(database.url().to_owned());
    db::create_if_missing(&url).await.expect("it is there");
    let harness = Harness::new().await;
    let mut app = harness.app.clone();
    app.pool = database.pool(4);
    assert!(!db::is_migrated(&app.pool).await.expect("a look"));
    // Two at once, as two containers that start together.
    let told = Mutex::new(Vec::new());
    let tell = |line: &str| told.lock().expect("lines").push(line.to_owned());
    let (one, other) = tokio::join!(
        db::migrate_and_tell(&app.pool, tell),
        db::migrate(&app.pool)
    );
    one.and(other).expect("the migrations apply");
    let told = told.into_inner().expect("lines");
    assert!(
        told[0].contains("migrations, from 0001 auth to "),
        "{told:?}"
    );
    assert!(db::is_migrated(&app.pool).await.expect("a look"));

    let (one, other) = tokio::join!(seed::seed(&app), seed::seed(&app));
    let seeded = one.expect("a seed").len() + other.expect("a seed").len();
    assert_eq!(seeded, 7);
    assert!(seed::seed(&app).await.expect("a seed").is_empty());
    db::migrate(&app.pool).await.expect("nothing to do");
}

#[tokio::test]
async fn the_seeds_people_stand_in_the_seeds_order() {
    let harness = Harness::new().await;
    let rows = sqlx::query(
        r#"select sq.queue_order, sq.label, u.name, u.phone
           from sales_queue sq
           join "user" u on u.id = sq.sales_id
           order by sq.queue_order"#,
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("the seed's query runs as written");
    let people: Vec<(i32, String, String, String)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect();
    let expected: Vec<(i32, String, String, String)> = (1..=6)
        .zip(["A", "B", "C", "D", "E", "F"])
        .map(|(seat, label)| {
            let (name, phone) = (format!("Sales {label}"), format!("+628111000000{seat}"));
            (seat, label.to_owned(), name, phone)
        })
        .collect();
    assert_eq!(people, expected);
}

#[tokio::test]
async fn the_seeds_example_queries_run_as_written() {
    let harness = Harness::new().await;
    let queries = include_str!("../../../docs/operators/example-queries.sql");
    sqlx::raw_sql(queries)
        .execute(&harness.app.pool)
        .await
        .expect("they run");
    assert!(queries.matches("select").count() >= 4);
}

#[tokio::test]
async fn the_auth_tables_have_better_auths_drizzle_columns() {
    let harness = Harness::new().await;
    for (table, columns) in [
        (
            "user",
            "id name email email_verified image phone role created_at updated_at",
        ),
        (
            "session",
            "id expires_at token created_at updated_at ip_address user_agent user_id",
        ),
        (
            "account",
            "id account_id provider_id user_id access_token refresh_token id_token access_token_expires_at \
             refresh_token_expires_at scope password created_at updated_at",
        ),
        (
            "verification",
            "id identifier value expires_at created_at updated_at",
        ),
    ] {
        let found: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns
             where table_schema = 'public' and table_name = $1",
        )
        .bind(table)
        .fetch_all(&harness.app.pool)
        .await
        .expect("columns");
        for column in columns.split_whitespace() {
            assert!(found.iter().any(|name| name == column), "{table}.{column}");
        }
    }
}

#[tokio::test]
async fn a_migration_that_an_older_process_cannot_stand_waits_until_it_has_stopped() {
    let database = TestDatabase::new().await;
    let pool = database.pool(2);
    let newest = db::newest_schema();
    sqlx::query(
        "insert into process (id, kind, instance, host, pid, version, schema, started_at, seen_at)
         values (gen_random_uuid(), 'worker', 'worker/17', 'jakarta-1', 17, '0.1.0', $1, now(), now())",
    )
    .bind(newest)
    .execute(&pool)
    .await
    .expect("a process");
    // The next migration takes something away that binaries before it still use.
    let contracts = [(newest + 1, newest + 1)];
    let in_the_way = migrations::in_the_way(&pool, &contracts)
        .await
        .expect("a look");
    assert_eq!(in_the_way, ["worker/17 on jakarta-1"]);
    // One that this process can stand, and one that is applied already.
    for stands in [(newest + 1, newest), (newest, newest + 1)] {
        assert!(
            migrations::in_the_way(&pool, &[stands])
                .await
                .expect("a look")
                .is_empty()
        );
    }
    sqlx::query("update process set seen_at = now() - interval '1 minute'")
        .execute(&pool)
        .await
        .expect("it is silent");
    assert!(
        migrations::in_the_way(&pool, &contracts)
            .await
            .expect("a look")
            .is_empty()
    );
}

#[tokio::test]
async fn a_migration_that_does_not_get_its_lock_is_tried_again_and_removes_what_was_built_halfway()
{
    let database = TestDatabase::new().await;
    let pool = database.pool(3);
    sqlx::raw_sql("create table half (n int); insert into half values (1), (1)")
        .execute(&pool)
        .await
        .expect("a table");
    sqlx::raw_sql("create unique index concurrently half_n on half (n)")
        .execute(&pool)
        .await
        .expect_err("an index that is not valid");
    // Somebody has the lock for a moment longer than one try.
    let mut holder = shared::db::begin(&pool).await.expect("a transaction");
    sqlx::raw_sql("lock table half in share mode")
        .execute(&mut *holder)
        .await
        .expect("a lock");
    let releasing = async {
        let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        for expected in [1, 0] {
            loop {
                let waiting: i64 = sqlx::query_scalar(waits)
                    .fetch_one(&pool)
                    .await
                    .expect("a look");
                if waiting == expected {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        holder.rollback().await.expect("released");
    };
    let told = Mutex::new(Vec::new());
    let tell = |line: &str| told.lock().expect("lines").push(line.to_owned());
    let (migrated, ()) = tokio::join!(db::migrate_and_tell(&pool, tell), releasing);
    migrated.expect("it is tried again");
    let told = told.into_inner().expect("lines");
    let (first, last) = (&told[0], told.last().expect("the end"));
    assert!(first.starts_with("waits for a lock of PID"), "{told:?}");
    assert!(first.contains("idle in transaction"), "{told:?}");
    assert!(told[1].contains("did not get a lock"), "{told:?}");
    assert!(last.starts_with("done in"), "{told:?}");
    let halfway: i64 = sqlx::query_scalar("select count(*) from pg_index where not indisvalid")
        .fetch_one(&pool)
        .await
        .expect("a count");
    assert_eq!(halfway, 0);
}
