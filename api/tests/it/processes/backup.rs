//! A dump that is taken while everything runs, restored after more was sent: nothing is sent twice, deadlines roll once.

use super::company::Company;
use shared::testing::TestDatabase;
use std::process::Command;
use xtask::postgres::binaries;

/// Runs one of PostgreSQL's programs.
pub(super) fn run(program: &str, arguments: &[&str]) {
    let found = binaries(None, false).expect("PostgreSQL's programs");
    let output = Command::new(found.folder.join(program))
        .args(arguments)
        .output()
        .expect(program);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_dump_sends_nothing_twice_and_rolls_what_went_by_once() {
    let company = Company::open("1.5").await;
    let (api, url) = company.start_api().await;
    for client in 0..8 {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    // No worker runs yet: everything is queued at the instant of the dump.
    let queued =
        "select count(*) from wa_message where direction = 'out' and delivery_status = 'queued'";
    let before = company.count(queued).await;
    assert!(before >= 8, "{before}");
    // And a reminder of a visit is due.
    sqlx::raw_sql(
        "insert into appointment (id, lead_id, sales_id, starts_at, ends_at, status, version, calendar_state, created_at, updated_at)
         select gen_random_uuid(), id, 'sales-a', now() + interval '30 minutes', now() + interval '90 minutes', 'booked', 1, 'synced', now(), now()
         from lead limit 1;
         insert into appointment_reminder (id, appointment_id, recipient, minutes_before, starts_at, due_at)
         select gen_random_uuid(), id, 'agent', 60, starts_at, starts_at - interval '1 hour' from appointment",
    )
    .execute(&company.pool)
    .await
    .expect("a visit");
    let file = std::env::temp_dir().join(format!("{}.dump", std::process::id()));
    let file = file.to_str().expect("a path");
    run("pg_dump", &["-Fc", "-d", company.url(), "-f", file]);
    let worker = company.start_worker();
    let hangus = "select count(*) from lead where status = 'hangus'";
    company.wait_for(hangus, 8).await;
    // The disaster. The clients and agents have read what was sent.
    drop(worker);
    drop(api);

    let empty = TestDatabase::empty().await;
    run("pg_restore", &["-d", empty.url(), "--no-owner", file]);
    std::fs::remove_file(file).ok();
    let restored = Company::at(empty.url().to_owned(), empty.pool(4), "1.5");
    let listed = restored.api_json(&["after-restore"]);
    assert_eq!(
        (&listed["messages"], &listed["reminders"], &listed["done"]),
        (&before.into(), &1.into(), &false.into())
    );
    assert_eq!(restored.count(queued).await, before, "it only counted");
    restored.api_json(&["after-restore", "--yes"]);
    let _worker = restored.start_worker_with(&[("DISTRIBUTION_SEND_PATIENCE_SECONDS", "0.5")]);
    restored.wait_for(hangus, 8).await;
    restored.nothing_twice(before, 8).await;
}

impl Company {
    /// What was queued at the backup was not sent after it; every lead went on to its end, and nobody was asked twice.
    /// `messages` were queued, among them the first offers of `leads`.
    pub(super) async fn nothing_twice(&self, messages: i64, leads: i64) {
        let unsent = "select count(*) from wa_message where delivery_error like 'the database was restored%' and delivery_status = 'failed'";
        assert_eq!(self.count(unsent).await, messages);
        let reminded = "select count(*) from appointment_reminder where state <> 'void'";
        assert_eq!(self.count(reminded).await, 0);
        let not_sent = "select count(*) from distribution_attempt where status = 'undeliverable'";
        assert_eq!(
            self.count(not_sent).await,
            leads,
            "the first offers cost no turn"
        );
        let twice = "select count(*) from (select from distribution_attempt group by cycle_id, sales_id, round having count(*) > 1) twice";
        assert_eq!(self.count(twice).await, 0);
        let early = "select count(*) from distribution_attempt where status = 'timed_out' and closed_at < ack_deadline_at";
        assert_eq!(self.count(early).await, 0);
        self.wait_for("select count(*) from audit_run where due_at > now()", 1)
            .await;
        let breaches = "select count(*) from audit_breach where rule in ('gap', 'no_future', 'log_disagrees', 'nobody_asked')";
        assert_eq!(self.count(breaches).await, 0);
    }
}
