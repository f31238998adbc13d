//! The commands of operators, against real processes: jobs, pauses, processes, metrics, the heartbeat.

use super::company::{Company, http_client};
use serde_json::Value;
use std::net::TcpListener;
use std::process::Command;

impl Company {
    /// Runs `api` with these arguments. Returns its exit code and output.
    pub(super) fn api(&self, arguments: &[&str]) -> (i32, String) {
        self.api_with(&[], arguments)
    }

    /// The same with these settings.
    pub(super) fn api_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_api"))
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", self.url())
            .env("USER", "sari")
            .envs(settings.iter().copied())
            .current_dir("/")
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code().expect("an exit code"), text)
    }

    /// Runs `api … --json` and reads its answer.
    pub(super) fn api_json(&self, arguments: &[&str]) -> Value {
        let (code, text) = self.api(&[arguments, &["--json"]].concat());
        assert_eq!(code, 0, "{arguments:?}: {text}");
        serde_json::from_str(&text).expect(&text)
    }
}

const UNREADABLE: &str = "insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority)
    select '01K00000000000000000000' || lpad(n::text, 3, '0'), 'send-message.v1', '{\"message\": 7}', now(), 12, 0
    from generate_series(1, 3) n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_finds_dead_letters_tries_them_again_and_discards_them_without_psql() {
    let company = Company::open("300").await;
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    sqlx::raw_sql(UNREADABLE)
        .execute(&company.pool)
        .await
        .expect("three bad jobs");
    let dead = "select count(*) from apalis.jobs where status = 'Killed'";
    company.wait_for(dead, 3).await;
    let listed = company.api_json(&["jobs", "list", "--state", "dead"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(3));
    assert_eq!(listed[0]["class"], "unreadable");
    let id = listed[0]["id"].as_str().expect("an id");
    let shown = company.api_json(&["jobs", "show", id]);
    assert_eq!(shown["failures"][0]["class"], "unreadable");
    // Without --yes they are only counted.
    let counted = company.api_json(&["jobs", "retry", "--error-class", "unreadable"]);
    assert_eq!(
        (&counted["jobs"], &counted["done"]),
        (&3.into(), &false.into())
    );
    assert_eq!(company.count(dead).await, 3);
    worker.logs("job.discarded").await;
    let tried =
        "select coalesce(max(extract(epoch from failed_at)::int), 0)::bigint from job_failure";
    sqlx::query("update job_failure set failed_at = '2000-01-01'")
        .execute(&company.pool)
        .await
        .expect("an old failure");
    company.api_json(&["jobs", "retry", "--id", id, "--yes"]);
    company.wait_for(tried, 1_000_000_000).await;
    company.wait_for(dead, 3).await;
    let shown = company.api_json(&["jobs", "show", id]);
    let shown = shown["failures"].as_array().map(Vec::len);
    assert_eq!(shown, Some(2), "the failure before the retry is kept");
    let discarded = company.api_json(&["jobs", "discard", "--state", "dead", "--yes"]);
    assert_eq!(discarded["jobs"], 3);
    assert_eq!(
        company
            .count("select count(*) from apalis.jobs where job_type = 'send-message.v1'")
            .await,
        0
    );
    let (code, _) = company.api(&["jobs", "show", id]);
    assert_eq!(code, 1, "it is gone");
    let actions = company.api_json(&["jobs", "actions"]);
    assert_eq!(actions[0]["action"], "discard");
    assert!(
        actions[0]["by"]
            .as_str()
            .is_some_and(|by| by.starts_with("terminal sari@"))
    );
    let kept =
        "select count(*) from operator_action where jsonb_array_length(subject -> 'deleted') = 3";
    assert_eq!(
        company.count(kept).await,
        1,
        "what was deleted stays in the log"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_queue_waits_and_the_queue_of_deadlines_cannot_be_paused() {
    let company = Company::open("0.5").await;
    let (_api, url) = company.start_api().await;
    company.api_json(&["jobs", "pause", "send-message.v1"]);
    for never in ["check-ack-deadline.v1", "forward-lead-to-sales.v1"] {
        let (code, _) = company.api(&["jobs", "pause", never]);
        assert_eq!(code, 1, "{never} is never paused");
    }
    // It is queued before a worker runs.
    company.client_writes(&url, 2).await.expect("an answer");
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    let read = "select count(*) from process where kind = 'worker'";
    company.wait_for(read, 1).await;
    company.client_writes(&url, 1).await.expect("an answer");
    // The offers go on to the end, and the client's answer waits.
    company
        .wait_for("select count(*) from lead where status = 'hangus'", 2)
        .await;
    let waits = "select count(*) from apalis.jobs where job_type = 'send-message.v1' and status = 'Pending' and attempts = 0";
    assert!(company.count(waits).await >= 2);
    let queues = company.api_json(&["jobs", "queues"]);
    let paused: Vec<&Value> = queues
        .as_array()
        .expect("queues")
        .iter()
        .filter(|row| row["paused_by"] != "")
        .collect();
    assert_eq!(paused.len(), 1);
    company.api_json(&["jobs", "resume", "send-message.v1"]);
    company
        .wait_for(
            "select count(*) from apalis.jobs where job_type = 'send-message.v1'",
            0,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_process_serves_its_own_metrics_to_those_who_have_the_token() {
    let company = Company::open("0.5").await;
    let token = ("METRICS_TOKEN", "a-token-of-the-tests");
    let (api, url) = company.start_api_with(&[token]).await;
    let of_api = place(&api.logs("api.health").await);
    let worker = company.start_worker_with(&[token]);
    let of_worker = place(&worker.logs("worker.health").await);
    company.client_writes(&url, 1).await.expect("an answer");
    company
        .wait_for("select count(*) from lead where status = 'hangus'", 1)
        .await;
    let http = http_client();
    let read = async |place: &str, token: &str| {
        let request = http
            .get(format!("http://{place}/metrics"))
            .bearer_auth(token);
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a text"),
        )
    };
    assert_eq!(read(&of_worker, "another").await.0, 401);
    assert_eq!(read(&of_api, "another").await.0, 401);
    let (status, text) = read(&of_worker, token.1).await;
    assert_eq!(status, 200);
    let six = "property_lounge_roll_lateness_seconds_count 6";
    assert!(text.contains(six), "{text}");
    assert!(
        text.contains(
            r#"property_lounge_jobs_total{queue="check-ack-deadline.v1",outcome="done"} 6"#
        ),
        "{text}"
    );
    assert!(
        text.contains(
            r#"property_lounge_provider_call_seconds_count{provider="dummy",class="accepted"}"#
        ),
        "{text}"
    );
    assert!(
        text.contains(r#"property_lounge_pool_connections{pool="rolls",state="most"} 4"#),
        "{text}"
    );
    let (status, text) = read(&of_api, token.1).await;
    assert_eq!(status, 200);
    for line in [
        "property_lounge_cycles_hangus_1d 1",
        "property_lounge_database_up 1",
        "property_lounge_build_info",
        r#"property_lounge_http_request_seconds_count{status="2xx"}"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(text.matches("# EOF").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heartbeat_is_heard_while_deadlines_are_kept_and_stops_when_they_are_not() {
    let company = Company::open("300").await;
    let (_api, url) = company.start_api().await;
    let outside = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/beat", outside.local_addr().expect("an address"));
    let heard = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = outside.accept().expect("a request");
        let mut request = [0_u8; 512];
        let read = stream.read(&mut request).expect("a head");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .expect("an answer");
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let first = company.start_worker_with(&[("HEARTBEAT_URL", &address)]);
    first.logs("worker.started").await;
    let request = tokio::task::spawn_blocking(|| heard.join().expect("heard"));
    assert!(request.await.expect("heard").starts_with("GET /beat "));
    assert!(first.terminate().await.success());
    // An offer that nobody rolls: the audit cannot repair it, because its cycle is locked.
    company.client_writes(&url, 1).await.expect("an answer");
    let mut transaction = shared::db::begin(&company.pool)
        .await
        .expect("a transaction");
    sqlx::raw_sql(
        "update distribution_attempt set ack_deadline_at = now() - interval '1 hour', assigned_at = now() - interval '2 hours'",
    )
    .execute(&company.pool)
    .await
    .expect("an offer that is overdue");
    sqlx::raw_sql("select from distribution_attempt for update; select from lead for update")
        .execute(&mut *transaction)
        .await
        .expect("its locks");
    let second = company.start_worker_with(&[("HEARTBEAT_URL", &address)]);
    second.logs("worker.no_heartbeat: offers are overdue").await;
    transaction.rollback().await.expect("it is over");
}

/// The address in a log line.
fn place(line: &str) -> String {
    let (_, address) = line.split_once("socket://").expect("an address");
    address.trim_end_matches('"').to_owned()
}
