//! Real workers, killed around a send: one offer at the receiver, always.

use super::graph::{Graph, NUMBER, TOKEN, Turn, delivery, signed};
use super::office::agent;
use crate::processes::company::Company;
use chrono::Utc;
use serde_json::{Value, json};
use shared::testing::Process;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[allow(
    clippy::disallowed_methods,
    reason = "a server outside the company has a clock of its own"
)]
fn wall() -> chrono::DateTime<Utc> {
    Utc::now()
}

struct Site {
    company: Company,
    graph: Graph,
    api: Process,
    url: String,
}

impl Site {
    async fn open() -> Self {
        let company = Company::open("300").await;
        let graph = Graph::open(wall).await;
        let settings = Self::settings(&graph);
        let (api, url) = company.start_api_with(&borrowed(&settings)).await;
        Self {
            company,
            graph,
            api,
            url,
        }
    }

    fn settings(graph: &Graph) -> Vec<(String, String)> {
        Self::settings_with(graph, "3")
    }

    /// A send whose outcome is unknown is sent again after `settle_seconds`.
    fn settings_with(graph: &Graph, settle_seconds: &str) -> Vec<(String, String)> {
        [
            ("WA_PROVIDER", "cloud_api"),
            ("WA_CLOUD_API_TOKEN", TOKEN),
            ("WA_CLOUD_PHONE_NUMBER_ID", NUMBER),
            ("WA_CLOUD_API_BASE_URL", &graph.url),
            ("WA_CLOUD_SETTLE_SECONDS", settle_seconds),
            // An offer whose worker died waits until it is sent again.
            ("DISTRIBUTION_SEND_PATIENCE_SECONDS", "300"),
            ("META_APP_SECRET", crate::http::APP_SECRET),
            ("WHATSAPP_VERIFY_TOKEN", "a-word-of-the-tests"),
            ("BETTER_AUTH_URL", "https://api.example.com"),
            ("AUTH_BEHIND_PROXY", "false"),
            (
                "BETTER_AUTH_SECRET",
                "a secret of the tests, thirty-two long",
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn start_worker(&self) -> Process {
        let settings = Self::settings(&self.graph);
        self.company.start_worker_with(&borrowed(&settings))
    }

    /// A worker that sends nothing again while the test runs, however slow the machine is.
    fn start_patient_worker(&self) -> Process {
        let settings = Self::settings_with(&self.graph, "600");
        self.company.start_worker_with(&borrowed(&settings))
    }

    /// As if the patient worker's wait for a status had passed.
    async fn let_jobs_be_due(&self) {
        sqlx::query("update apalis.jobs set run_at = clock_timestamp()")
            .execute(&self.company.pool)
            .await
            .expect("the jobs are due");
    }

    async fn deliver(&self, value: Value) {
        let (bytes, signature) = signed(&delivery(&[value]));
        let status = self
            .company
            .post_signed(
                &format!("{}/webhooks/whatsapp", self.url),
                bytes,
                &signature,
            )
            .await;
        assert_eq!(status, 200);
    }

    async fn client_writes(&self, nth: usize) {
        let from = format!("62812340{nth:05}");
        self.deliver(json!({ "messages": [{ "from": from, "id": format!("wamid.CLIENT{nth}"),
            "timestamp": wall().timestamp().to_string(), "type": "text", "text": { "body": "Halo" } }] }))
            .await;
    }

    /// Reports, as Meta does, that every accepted message was sent.
    async fn tell_of_all(&self) {
        for message in self.graph.taken() {
            let status = Graph::status(&message, "sent", None);
            self.deliver(json!({ "statuses": [status] })).await;
        }
    }

    /// Waits until at least this many messages were accepted.
    async fn takes(&self, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.graph.taken().len() < count {
            assert!(
                Instant::now() < deadline,
                "{} of {count} were taken",
                self.graph.taken().len()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn until(&self, query: &'static str, expected: i64) {
        self.company.wait_for(query, expected).await;
    }

    /// Messages that wait, deliveries not acted on, offers of six that are not known to be taken.
    async fn unfinished(&self) -> [i64; 3] {
        [
            self.company.count("select count(*) from wa_message where direction = 'out' and delivery_status = 'queued'").await,
            self.company.count("select count(*) from webhook_delivery where handled_at is null").await,
            self.company.count("select 6 - count(*) from wa_message where kind = 'offer' and accepted_at is not null").await,
        ]
    }

    fn offers(&self) -> usize {
        let taken = self.graph.taken();
        taken
            .iter()
            .filter(|message| message.to == agent('A'))
            .count()
    }
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_after_the_offer_was_taken_and_before_it_was_recorded_doubles_none() {
    let site = Site::open().await;
    site.graph.next(Turn::TakeAndLoseTheAnswer);
    site.graph.next(Turn::TakeAndLoseTheAnswer);
    let worker = site.start_patient_worker();
    worker.logs("worker.started").await;
    site.client_writes(1).await;
    site.takes(2).await;
    // The call is written down, its outcome is not known.
    site.until("select count(*) from wa_send where settled_at is null", 2)
        .await;
    worker.kill();
    site.let_jobs_be_due().await;
    let worker = site.start_patient_worker();
    site.tell_of_all().await;
    site.until("select count(*) from wa_send where outcome = 'accepted'", 2)
        .await;
    site.until(
        "select count(*) from wa_message where delivery_status = 'queued'",
        0,
    )
    .await;
    assert!(worker.terminate().await.success());
    // What is settled stays settled: an impatient worker sends nothing again.
    let worker = site.start_worker();
    worker.logs("worker.started").await;
    sleep_until_settled(&site).await;
    assert_eq!((site.graph.taken().len(), site.offers()), (2, 1));
    assert!(worker.terminate().await.success());
    drop(site.api);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_before_the_offer_was_taken_loses_none() {
    let site = Site::open().await;
    site.graph.next(Turn::LoseTheCall);
    site.graph.next(Turn::LoseTheCall);
    let worker = site.start_patient_worker();
    worker.logs("worker.started").await;
    site.client_writes(1).await;
    site.until("select count(*) from wa_send where settled_at is null", 2)
        .await;
    worker.kill();
    assert_eq!(site.graph.taken().len(), 0);
    site.let_jobs_be_due().await;
    let _worker = site.start_worker();
    site.takes(2).await;
    site.until("select count(*) from wa_send where outcome = 'lost'", 2)
        .await;
    site.until(
        "select count(*) from wa_message where delivery_status = 'accepted'",
        2,
    )
    .await;
    assert_eq!((site.graph.taken().len(), site.offers()), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_killed_at_any_moment_of_many_sends_deliver_every_offer_once() {
    let site = Site::open().await;
    let mut worker = site.start_worker();
    worker.logs("worker.started").await;
    for round in 0..6 {
        site.client_writes(round).await;
        // A different moment of the send each time: none at all, a few milliseconds, many.
        sleep(Duration::from_millis(u64::try_from(round).unwrap_or(0) * 4)).await;
        worker.kill();
        worker = site.start_worker();
        site.tell_of_all().await;
    }
    // An offer that was being sent when its worker died is settled by a status, or sent after the wait.
    let deadline = Instant::now() + Duration::from_secs(60);
    while site.unfinished().await != [0, 0, 0] {
        assert!(Instant::now() < deadline, "{:?}", site.unfinished().await);
        site.tell_of_all().await;
        sleep(Duration::from_millis(1500)).await;
    }
    let mut offered = Vec::new();
    for message in site
        .graph
        .taken()
        .iter()
        .filter(|message| message.to == agent('A'))
    {
        let text = message.body.to_string();
        offered.extend(
            text.match_indices("claim:")
                .map(|(at, _)| text[at..at + 42].to_owned()),
        );
    }
    assert_eq!(offered.len(), 6, "{offered:?}");
    offered.sort();
    offered.dedup();
    assert_eq!(offered.len(), 6);
}

/// Waits for longer than an impatient worker waits before it sends again.
async fn sleep_until_settled(site: &Site) {
    let waited =
        "select count(*) from wa_send where started_at > clock_timestamp() - interval '4 seconds'";
    site.until(waited, 0).await;
}
