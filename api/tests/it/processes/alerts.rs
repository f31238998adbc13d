//! The alerts, fired by a real Prometheus that scrapes real processes with real faults.

use super::company::{Company, http_client};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use xtask::alerts::{folder, prometheus};

/// A Prometheus with our rules, which fire without waiting.
struct Scraper {
    child: Child,
    data: PathBuf,
    url: String,
    http: reqwest::Client,
}

impl Scraper {
    fn start(targets: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let data = std::env::temp_dir().join(format!("alerts-{}", address.replace(':', "-")));
        fs::create_dir_all(&data).expect("a folder");
        let rules = fs::read_to_string(folder().join("alerts.yml")).expect("the rules");
        let at_once: Vec<String> = rules
            .lines()
            .map(|line| match line.trim_start().strip_prefix("for: ") {
                Some(_) => "        for: 0s".to_owned(),
                None => line.to_owned(),
            })
            .collect();
        fs::write(data.join("alerts.yml"), at_once.join("\n")).expect("written");
        let targets: Vec<String> = targets
            .iter()
            .map(|(kind, target)| {
                format!("      - targets: [\"{target}\"]\n        labels: {{ process: {kind} }}")
            })
            .collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [alerts.yml]\nscrape_configs:\n  - job_name: property-lounge\n    static_configs:\n{}\n",
            targets.join("\n")
        );
        fs::write(data.join("prometheus.yml"), config).expect("written");
        let child = Command::new(prometheus().expect("Prometheus").server)
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"))
            .current_dir(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        Self {
            child,
            data,
            url: format!("http://{address}"),
            http: http_client(),
        }
    }

    async fn ask(&self, path: &str) -> Option<Value> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await;
        answer.ok()?.json().await.ok()
    }

    /// The names of the alerts that fire.
    async fn firing(&self) -> Vec<String> {
        let alerts = self.ask("/api/v1/alerts").await.unwrap_or_default();
        let alerts = alerts["data"]["alerts"].as_array().cloned();
        let mut names: Vec<String> = alerts
            .unwrap_or_default()
            .iter()
            .filter(|alert| alert["state"] == "firing")
            .filter_map(|alert| alert["labels"]["alertname"].as_str().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Waits until this alert fires. Fails after a minute.
    async fn fires(&self, name: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let firing = self.firing().await;
            if firing.iter().any(|one| one == name) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{name} does not fire: {firing:?}"
            );
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until every target was scraped well, and at least one evaluation came after it.
    async fn has_scraped(&self, targets: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let up = self
                .ask("/api/v1/query?query=sum(up)")
                .await
                .unwrap_or_default();
            let up = up["data"]["result"][0]["value"][1]
                .as_str()
                .unwrap_or("0")
                .to_owned();
            if up == targets.to_string() && !self.firing().await.contains(&"NotAudited".to_owned())
            {
                return;
            }
            assert!(Instant::now() < deadline, "{up} of {targets} are up");
            sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.data).ok();
    }
}

/// What PostgreSQL says when it cannot make a table larger.
const DISK_FULL: &str = "create function no_room() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
    create trigger no_room before insert on inbound_event execute function no_room()";

fn place(line: &str) -> String {
    let (_, address) = line.split_once("socket://").expect("an address");
    address.trim_end_matches('"').to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_fires_its_alert_and_a_system_that_is_well_fires_none() {
    let company = Company::open("300").await;
    let (api, url) = company.start_api().await;
    let of_api = place(&api.logs("api.health").await);
    let first = company.start_worker();
    let of_first = place(&first.logs("worker.health").await);
    let second = company.start_worker();
    let of_second = place(&second.logs("worker.health").await);
    company.client_writes(&url, 1).await.expect("an answer");
    let scraper = Scraper::start(&[
        ("api", &of_api),
        ("worker", &of_first),
        ("worker", &of_second),
    ]);
    scraper.has_scraped(3).await;
    assert_eq!(scraper.firing().await, Vec::<String>::new());

    sqlx::raw_sql(
        "insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority)
         select apalis.generate_ulid(), 'send-message.v1', '{}', now(), 12, 0",
    )
    .execute(&company.pool)
    .await
    .expect("a bad job");
    scraper.fires("DeadLetters").await;
    sqlx::raw_sql("delete from apalis.jobs where job_type = 'check-ack-deadline.v1'")
        .execute(&company.pool)
        .await
        .expect("an offer without an alarm");
    scraper.fires("Breach").await;
    let path = format!("{url}/webhooks/whatsapp");
    for _ in 0..30 {
        let status = company
            .post_signed(&path, b"{}".to_vec(), "sha256=00")
            .await;
        assert_eq!(status, 401);
        sleep(Duration::from_millis(100)).await;
    }
    scraper.fires("WebhooksRefused").await;
    sqlx::raw_sql(DISK_FULL)
        .execute(&company.pool)
        .await
        .expect("a full disk");
    let refused = company.client_writes(&url, 2).await.expect_err("no room");
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(503));
    scraper.fires("DatabaseFull").await;
    sqlx::raw_sql("drop trigger no_room on inbound_event")
        .execute(&company.pool)
        .await
        .expect("room");
    company.client_writes(&url, 2).await.expect("an answer");
    drop(first);
    scraper.fires("ProcessDown").await;
    scraper.fires("OneWorker").await;
    drop(second);
    scraper.fires("NoWorker").await;
    sqlx::raw_sql("update distribution_attempt set ack_deadline_at = now() - interval '1 minute', assigned_at = now() - interval '2 minutes' where status = 'open'")
        .execute(&company.pool)
        .await
        .expect("an offer that is overdue");
    scraper.fires("OffersOverdue").await;
    sqlx::raw_sql(
        "insert into provider_health (provider, failures, failing_since, frozen_since, reason)
         values ('dummy', 5, now(), now(), 'as the test says')
         on conflict (provider) do update
         set failures = 5, failing_since = now(), frozen_since = now(), reason = 'as the test says'",
    )
    .execute(&company.pool)
    .await
    .expect("a freeze");
    scraper.fires("ProviderFrozen").await;
}
