//! A base backup and the WAL since, restored to a point in time as `docs/operators/backup.md` has it.

use super::backup::run;
use super::company::Company;
use super::own_server::{OwnServer, company_on};
use secrecy::SecretString;
use shared::db;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use xtask::postgres::Profile;

const HANGUS: &str = "select count(*) from lead where status = 'hangus'";
const QUEUED: &str =
    "select count(*) from wa_message where direction = 'out' and delivery_status = 'queued'";

/// A folder of backups, which PostgreSQL's own user can write. Removed with this value.
struct Backups(PathBuf);

impl Backups {
    /// Beside the data of this server, with its owner.
    fn of(server: &OwnServer) -> Self {
        let folder = server.folder().with_extension("backup");
        fs::create_dir_all(folder.join("wal")).expect("a folder");
        give_to_owner_of(server.folder(), &folder);
        Self(folder)
    }

    fn wal(&self) -> PathBuf {
        self.0.join("wal")
    }

    fn base(&self) -> PathBuf {
        self.0.join("base")
    }
}

impl Drop for Backups {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn give_to_owner_of(example: &Path, folder: &Path) {
    let given = Command::new("chown")
        .arg("-R")
        .arg(format!("--reference={}", example.display()))
        .arg(folder)
        .status();
    assert!(
        given.is_ok_and(|status| status.success()),
        "{}",
        folder.display()
    );
}

async fn execute(company: &Company, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(&company.pool)
        .await
        .expect(statement);
}

/// Archiving as the page has it.
async fn archive_wal(company: &Company, server: &OwnServer, wal: &Path) {
    let wal = wal.display();
    for setting in [
        "archive_mode = on".to_owned(),
        format!("archive_command = 'test ! -f {wal}/%f && cp %p {wal}/%f'"),
    ] {
        execute(company, &format!("alter system set {setting}")).await;
    }
    server.cluster().stop().expect("it stops");
    server.cluster().start_again().expect("it starts");
}

/// Puts the base backup into the place of the data, to be recovered to this time.
fn restore(server: &OwnServer, backups: &Backups, to: &str) {
    let data = server.folder().join("data");
    fs::remove_dir_all(&data).expect("the data is lost");
    fs::rename(backups.base(), &data).expect("the base backup is there");
    let (settings, wal) = (data.join("postgresql.auto.conf"), backups.wal());
    let before = fs::read_to_string(&settings).expect("settings");
    let text = format!(
        "{before}archive_mode = off\nrestore_command = 'cp {}/%f %p'\nrecovery_target_time = '{to}'\n",
        wal.display()
    );
    fs::write(settings, text).expect("settings");
    fs::write(data.join("recovery.signal"), "").expect("a file");
    give_to_owner_of(&server.folder().join("socket"), &data);
    server.cluster().start_again().expect("it recovers");
}

/// Waits until this is true, for a minute.
async fn wait_until(company: &Company, question: &'static str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer: Option<bool> = sqlx::query_scalar(question)
            .fetch_one(&company.pool)
            .await
            .ok();
        if answer == Some(true) {
            return;
        }
        assert!(Instant::now() < deadline, "{question}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_restored_to_a_point_in_time_goes_on_from_there_and_sends_nothing_twice() {
    let server = OwnServer::start("pitr", Profile::Durable);
    let backups = Backups::of(&server);
    let company = company_on(&server, "1.5").await;
    archive_wal(&company, &server, &backups.wal()).await;
    let (api, url) = company.start_api().await;
    let worker = company.start_worker();
    for client in 0..4 {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    // While deadlines roll.
    let base = backups.base();
    let base = base.to_str().expect("a path");
    run(
        "pg_basebackup",
        &[
            "-d",
            company.url(),
            "-D",
            base,
            "-Fp",
            "-X",
            "none",
            "-c",
            "fast",
        ],
    );
    company.wait_for(HANGUS, 4).await;
    company.wait_for(QUEUED, 0).await;
    assert!(worker.terminate().await.success());
    // These are queued, and their deadlines run, at the instant to which the database is restored.
    for client in 4..8 {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    let queued = company.count(QUEUED).await;
    assert!(queued >= 4, "{queued}");
    let then: String = sqlx::query_scalar("select clock_timestamp()::text")
        .fetch_one(&company.pool)
        .await
        .expect("the time");
    // What the world sees afterwards, and the restored database does not know.
    let worker = company.start_worker();
    company.client_writes(&url, 8).await.expect("an answer");
    company.wait_for(HANGUS, 9).await;
    drop((worker, api));
    execute(
        &company,
        "create table last_thing as select 1; select pg_switch_wal()",
    )
    .await;
    wait_until(
        &company,
        "select last_archived_wal >= pg_walfile_name(pg_switch_wal() - 1) from pg_stat_archiver",
    )
    .await;
    server.cluster().crash().expect("the disaster");
    restore(&server, &backups, &then);

    let address = company.url().to_owned();
    let secret = SecretString::from(address.clone());
    let pool = db::pool(db::options(&secret, "test").expect("a URL"), 4);
    let restored = Company::at(address, pool, "1.5");
    wait_until(
        &restored,
        "select pg_get_wal_replay_pause_state() = 'paused'",
    )
    .await;
    execute(&restored, "select pg_wal_replay_resume()").await;
    wait_until(&restored, "select not pg_is_in_recovery()").await;
    assert_eq!(restored.count("select count(*) from lead").await, 8);
    assert_eq!(restored.count(QUEUED).await, queued);
    let listed = restored.api_json(&["after-restore", "--yes"]);
    assert_eq!(listed["messages"], queued);
    let _worker = restored.start_worker_with(&[("DISTRIBUTION_SEND_PATIENCE_SECONDS", "0.5")]);
    restored.wait_for(HANGUS, 8).await;
    restored.nothing_twice(queued, 4).await;
}
