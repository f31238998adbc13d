//! No statement compares every row with every other, whatever there was when a connection planned it.
//!
//! Connections that work on leads keep the plan that they make first (`shared/src/db`). In a new installation the tables are empty
//! then, and a join may read all of one table for each row of the other: with one row it costs the same as a look-up.

use crate::cost::one_connection;
use serde_json::Value;
use shared::testing::Harness;
use sqlx::{AssertSqlSafe, PgPool};
use std::path::Path;

/// These do not grow with the leads: there are as many rows as an office has people, queues and settings.
const OF_AN_OFFICE: &[&str] = &[
    "account",
    "agent_availability",
    "agent_handover",
    "agent_hours",
    "agent_leave",
    "audit_run",
    "company_hours",
    "distribution_queue",
    "distribution_queue_rule",
    "event_archive",
    "held_line",
    "holiday",
    "job_pause",
    "layer2_status",
    "lead_list",
    "linked_device",
    "linked_device_epoch",
    "meta_form",
    "meta_form_terms",
    "provider_health",
    "rejected_reason",
    "sales_queue",
    "session",
    "snippet",
    "summary_off",
    "user",
    "workers",
];

/// Statements that are allowed to, by a part of their text.
const ALLOWED: &[&str] = &[
    // What operators select runs on connections that plan each time.
    "jobs_that_fit",
    // For each agent who comes back: the leads that are held.
    "with come_back as",
    // For a few beginnings of keys: the linked phone's secrets of a kind, which the device looks for.
    "from linked_device_secret s, unnest",
];

/// The statements of this package and of the worker.
fn statements() -> Vec<String> {
    let packages = [".sqlx", "../worker/.sqlx"];
    let folders = packages.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let files = folders.iter().flat_map(|folder| {
        let files = std::fs::read_dir(folder).expect("sqlx's metadata");
        files.map(|file| file.expect("a file").path())
    });
    files
        .map(|file| {
            let text = std::fs::read_to_string(file).expect("a file");
            let known: Value = serde_json::from_str(&text).expect("JSON");
            known["query"].as_str().expect("a query").to_owned()
        })
        .filter(|query| {
            let first = query.split_whitespace().next().unwrap_or_default();
            ["select", "insert", "update", "delete", "with"].contains(&first)
        })
        .filter(|query| !ALLOWED.iter().any(|allowed| query.contains(allowed)))
        .collect()
}

/// Whether a condition looks for the rows of one thing: by a column of another table in the join, or by an id.
fn is_a_key(condition: &str, alias: &str) -> bool {
    let is_of_another = |word: &str| {
        word.split_once('.')
            .is_some_and(|(table, _)| !table.is_empty() && table != alias)
    };
    let mut words =
        condition.split(|letter: char| !(letter.is_alphanumeric() || "_.".contains(letter)));
    words.any(is_of_another) || condition.contains("id = $") || condition.contains("id = ANY ($")
}

/// Reads of growing tables that a plan repeats for each row of another, and that no key limits.
fn repeated_reads(node: &Value, is_repeated: bool, found: &mut Vec<String>) {
    let text = |key: &str| node[key].as_str().unwrap_or_default();
    let (kind, table) = (text("Node Type"), text("Relation Name"));
    let grows = !table.is_empty() && !table.starts_with("pg_") && !OF_AN_OFFICE.contains(&table);
    if is_repeated && grows && kind.contains("Scan") {
        let conditions = ["Index Cond", "Recheck Cond", "TID Cond"].map(text);
        let condition = conditions.concat().replace('"', "");
        if !is_a_key(&condition, text("Alias")) {
            found.push(format!("{table} by {} {condition}", text("Index Name")));
        }
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        let repeats = match child["Parent Relationship"].as_str() {
            Some("Inner") if kind == "Nested Loop" => true,
            Some("SubPlan" | "InitPlan") => false,
            _ => is_repeated,
        };
        repeated_reads(child, repeats, found);
    }
}

/// The plan that a connection keeps for this statement.
async fn plan(pool: &PgPool, query: &str) -> Value {
    let mut connection = pool.acquire().await.expect("a connection");
    let prepare = format!("prepare one as {query}");
    sqlx::raw_sql(AssertSqlSafe(prepare))
        .execute(&mut *connection)
        .await
        .expect(query);
    let parameters: i32 = sqlx::query_scalar(
        "select cardinality(parameter_types) from pg_prepared_statements where name = 'one'",
    )
    .fetch_one(&mut *connection)
    .await
    .expect("a prepared statement");
    let nulls = vec!["null"; usize::try_from(parameters).expect("a count")].join(", ");
    let values = if nulls.is_empty() {
        nulls
    } else {
        format!("({nulls})")
    };
    let explain = format!("explain (format json, costs off) execute one{values}");
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(explain))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .expect(query);
    sqlx::raw_sql("deallocate one")
        .execute(&mut *connection)
        .await
        .expect("deallocated");
    plan
}

#[tokio::test]
async fn no_statement_reads_all_of_a_table_for_each_row_of_another() {
    let harness = Harness::new().await;
    let pool = one_connection(&harness);
    let statements = statements();
    assert!(statements.len() > 300, "{}", statements.len());
    let mut found = Vec::new();
    for query in &statements {
        let mut reads = Vec::new();
        repeated_reads(&plan(&pool, query).await[0]["Plan"], false, &mut reads);
        if !reads.is_empty() {
            found.push(format!("{reads:?}: {query}"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
