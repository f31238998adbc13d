//! `api doctor`, against real processes, a real database and a server that plays Graph.

use super::company::Company;
use poem::web::{Data, Json, Path, Query};
use poem::{EndpointExt, Route, get, handler};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_is_wrong_and_who_runs() {
    let company = Company::open("300").await;
    let (api, url) = company.start_api().await;
    company
        .wait_for("select count(*) from process where kind = 'api'", 1)
        .await;
    let url = format!("BETTER_AUTH_URL={url}");
    let (_, said) = company.api(&["doctor"]);
    assert!(said.contains("none runs"), "{said}");
    let (code, _) = company.api(&["doctor"]);
    assert_eq!(code, 1);
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    company
        .wait_for("select count(*) from process where kind = 'worker'", 1)
        .await;
    let audited = "select count(*) from audit_run where due_at > now()";
    company.wait_for(audited, 1).await;
    let better_auth = url.trim_start_matches("BETTER_AUTH_URL=");
    let (code, said) = company.api(&["doctor", "--better-auth-url", better_auth]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("6 have a number and a place"), "{said}");
    sqlx::query("update \"user\" set phone = null where id = 'sales-f'")
        .execute(&company.pool)
        .await
        .expect("a phone is gone");
    let (_, without) = company.api(&["doctor"]);
    assert!(without.contains("Sales F cannot: no number"), "{without}");
    assert!(said.contains("/health/live answers from here"), "{said}");
    let processes = company.api_json(&["jobs", "processes"]);
    let kinds: Vec<&str> = processes
        .as_array()
        .expect("processes")
        .iter()
        .filter_map(|row| row["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["api", "worker"]);
    assert!(worker.terminate().await.success());
    assert!(api.terminate().await.success());
    assert_eq!(company.count("select count(*) from process").await, 0);
    let trouble = company.api_json(&["leads", "trouble"]);
    assert_eq!(trouble["jobs_dead"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_how_late_offers_are_and_who_holds_a_lock() {
    let company = Company::open("300").await;
    let (_api, url) = company.start_api().await;
    let worker = company.start_worker();
    company.client_writes(&url, 1).await.expect("an answer");
    let open = "select count(*) from distribution_attempt where status = 'open' and offer_accepted_at is not null";
    company.wait_for(open, 1).await;
    // Killed: its row stays, and says for half a minute that it is alive.
    drop(worker);
    sqlx::raw_sql(
        "update distribution_attempt set ack_deadline_at = now() - interval '148 seconds', assigned_at = now() - interval '5 minutes',
                offer_accepted_at = now() - interval '5 minutes';
         update audit_run set due_at = now() - interval '163 seconds';
         update process set seen_at = now() - interval '20 seconds' where kind = 'worker'",
    )
    .execute(&company.pool)
    .await
    .expect("some minutes later");
    let mut holder = shared::db::begin(&company.pool)
        .await
        .expect("a transaction");
    sqlx::raw_sql("lock table holiday")
        .execute(&mut *holder)
        .await
        .expect("a lock");
    let pool = company.pool.clone();
    let waits = tokio::spawn(async move {
        let counted: i64 = sqlx::query_scalar("select count(*) from holiday")
            .fetch_one(&pool)
            .await
            .expect("a count");
        counted
    });
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    company.wait_for(waiting, 1).await;
    let (code, said) = company.api(&["doctor"]);
    assert_eq!(code, 1);
    for words in [
        "1 offers are overdue, the first by 1",
        "the audit has been due for 1",
        "not heard of are: worker/",
        "idle in transaction for",
        "PostgreSQL has room to write",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    holder.rollback().await.expect("released");
    waits.await.expect("it goes on");
    sqlx::raw_sql(
        "update wa_message set delivery_status = 'failed', delivery_error = 'refused for +6281234001234', created_at = now()
         where kind = 'auto_reply'",
    )
    .execute(&company.pool)
    .await
    .expect("a message that failed");
    let failed = company.api_json(&["leads", "failed"]);
    assert_eq!(failed[0]["reason"], "refused for +***");
    let called = company.api_json(&["leads", "open"]);
    assert_eq!(called[0]["agent"], "Sales A");
    let silent = "update process set seen_at = now() - interval '1 minute' where kind = 'worker'";
    sqlx::raw_sql(silent)
        .execute(&company.pool)
        .await
        .expect("half a minute later");
    let (_, said) = company.api(&["doctor"]);
    for words in ["none runs", "1 offers are overdue"] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

/// The templates of a WhatsApp Business account.
type Templates = Arc<Mutex<Vec<Value>>>;

const ACCOUNT: &str = "102290129340398";

/// Settings that `api serve` accepts with the Cloud API.
const CLOUD: [(&str, &str); 9] = [
    ("WA_PROVIDER", "cloud_api"),
    ("WA_CLOUD_API_TOKEN", "the-token-of-the-tests"),
    ("WA_CLOUD_PHONE_NUMBER_ID", "1060000000000001"),
    ("META_APP_SECRET", crate::http::APP_SECRET),
    ("WHATSAPP_VERIFY_TOKEN", "a-verify-token-of-the-tests"),
    ("BETTER_AUTH_SECRET", "k3Jq8vXw2mZp5rTn9bYc4hLd7gFs6aKx"),
    ("BETTER_AUTH_URL", "https://lounge.example"),
    ("AUTH_BEHIND_PROXY", "true"),
    ("META_LEADS_TOKEN", ""),
];

fn template(name: &str, body: &str, replies: usize) -> Value {
    let replies = vec![json!({ "type": "QUICK_REPLY", "text": "Ambil" }); replies];
    let mut components = vec![json!({ "type": "BODY", "text": body })];
    if !replies.is_empty() {
        components.push(json!({ "type": "BUTTONS", "buttons": replies }));
    }
    json!({ "id": "1", "name": name, "status": "APPROVED", "language": "id", "components": components })
}

/// Graph finds the templates whose names contain the one that is asked for.
#[handler]
fn message_templates(
    Data(templates): Data<&Templates>,
    Path((_, account)): Path<(String, String)>,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    assert_eq!(account, ACCOUNT);
    let asked = &parameters["name"];
    let all = templates.lock().unwrap_or_else(PoisonError::into_inner);
    let found = all.iter().filter(|template| {
        let name = template["name"].as_str();
        name.is_some_and(|name| name.contains(asked))
    });
    Json(json!({ "data": found.collect::<Vec<_>>() }))
}

#[handler]
fn our_number() -> Json<Value> {
    Json(json!({ "display_phone_number": "+62 812-0000-0000", "id": "1" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_asks_meta_for_the_templates_and_says_which_cannot_be_sent() {
    let templates = Templates::default();
    let graph = crate::local::serve(|_| {
        Route::new()
            .at("/:version/:id/message_templates", get(message_templates))
            .at("/:version/:id", get(our_number))
            .data(Arc::clone(&templates))
    })
    .await;
    let company = Company::open("300").await;
    let settings = [&CLOUD[..], &[("WA_CLOUD_API_BASE_URL", graph.as_str())]].concat();
    let (_, said) = company.api_with(&settings, &["doctor"]);
    assert!(
        said.contains("not checked (WA_CLOUD_BUSINESS_ACCOUNT_ID is not set)"),
        "{said}"
    );

    let settings = [&settings[..], &[("WA_CLOUD_BUSINESS_ACCOUNT_ID", ACCOUNT)]].concat();
    let has = |these: Vec<Value>| {
        *templates.lock().unwrap_or_else(PoisonError::into_inner) = these;
        company.api_with(&settings, &["doctor"])
    };
    let notice = template("lead_notice", "Kabar: {{1}} Balas.", 0);
    let offer = template("lead_offer", "Kode {{1}}, {{2}}, dalam {{3}}.", 2);
    let (_, said) = has(vec![notice.clone(), offer.clone()]);
    assert!(said.contains("each is approved and fits"), "{said}");

    let mut paused = offer;
    paused["status"] = json!("PAUSED");
    let (code, said) = has(vec![paused]);
    assert_eq!(code, 1);
    for words in ["lead_offer is PAUSED", "lead_notice is not registered"] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_sees_a_migration_that_is_absent_below_the_newest() {
    let company = Company::open("300").await;
    let (_, said) = company.api(&["doctor"]);
    assert!(!said.contains("are not applied"), "{said}");
    sqlx::raw_sql("delete from _sqlx_migrations where version = 59")
        .execute(&company.pool)
        .await
        .expect("a history with a gap");
    let (code, said) = company.api(&["doctor"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("these before it are not applied: 59. Run `api migrate`"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_ends_early_is_no_error() {
    let company = Company::open("300").await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_api"))
        .args(["doctor"])
        .env_clear()
        .env("DATABASE_URL", company.url())
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
