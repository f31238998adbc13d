//! Real `api` and `worker` processes on a real database, to be killed and started again.

use serde_json::{Value, json};
use shared::testing::{Process, TestDatabase};
use sqlx::PgPool;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A client of real servers.
pub(crate) fn http_client() -> reqwest::Client {
    shared::providers::graph::choose_tls();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}

/// A company on a database, with a window in seconds.
pub(crate) struct Company {
    pub(crate) pool: PgPool,
    url: String,
    window: String,
    http: reqwest::Client,
    _database: Option<TestDatabase>,
}

impl Company {
    /// On a database of the test server.
    pub(crate) async fn open(window_seconds: &str) -> Self {
        let database = TestDatabase::new().await;
        let url = database.url().to_owned();
        Self::on(database.pool(4), url, window_seconds, Some(database))
    }

    /// On a database of a server of its own.
    pub(crate) fn at(url: String, pool: PgPool, window_seconds: &str) -> Self {
        Self::on(pool, url, window_seconds, None)
    }

    fn on(pool: PgPool, url: String, window: &str, database: Option<TestDatabase>) -> Self {
        let http = http_client();
        Self {
            pool,
            url,
            window: window.to_owned(),
            http,
            _database: database,
        }
    }

    /// Where its data is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn start_worker(&self) -> Process {
        self.start_worker_with(&[])
    }

    pub(crate) fn start_worker_with(&self, more: &[(&str, &str)]) -> Process {
        let mut settings = vec![
            ("DATABASE_URL", self.url.as_str()),
            ("DISTRIBUTION_ACK_SECONDS", self.window.as_str()),
            // All leads are offered in one order, however many are open.
            ("DISTRIBUTION_MOST_OPEN_OFFERS", "0"),
            ("WORKER_PORT", "0"),
        ];
        settings.extend(more);
        Process::spawn(worker_binary(), &[], &settings)
    }

    /// The api, and where it is served.
    pub(crate) async fn start_api(&self) -> (Process, String) {
        self.start_api_with(&[]).await
    }

    pub(crate) async fn start_api_with(&self, more: &[(&str, &str)]) -> (Process, String) {
        let mut settings = vec![
            ("DATABASE_URL", self.url.as_str()),
            ("DISTRIBUTION_ACK_SECONDS", self.window.as_str()),
            // All leads are offered in one order, however many are open.
            ("DISTRIBUTION_MOST_OPEN_OFFERS", "0"),
            ("PORT", "0"),
            ("API_HEALTH_PORT", "0"),
        ];
        settings.extend(more);
        let api = Process::spawn(
            PathBuf::from(env!("CARGO_BIN_EXE_api")),
            &["serve"],
            &settings,
        );
        let line = api.logs("api.started").await;
        let (_, address) = line.split_once("socket://").expect("an address");
        let address = address.trim_end_matches('"').to_owned();
        (api, format!("http://{address}"))
    }

    /// A client writes. The answer may get lost with the api.
    pub(crate) async fn client_writes(&self, api: &str, client: usize) -> reqwest::Result<Value> {
        let body = json!({
            "clientWa": format!("+62812{:08}", 30_000_000 + client),
            "body": "Halo",
            "messageId": format!("wamid.{client}"),
        });
        self.post(
            &format!("{api}/webhooks/whatsapp/dummy/client-message"),
            &body,
        )
        .await
    }

    /// The client's message is delivered again until the api has taken it, as Meta does. After an outage the first deliveries may fail:
    /// a connection that was used within the last second is not checked.
    pub(crate) async fn client_is_answered_at_last(&self, api: &str, client: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(refused) = self.client_writes(api, client).await {
            assert!(Instant::now() < deadline, "{refused}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn agent_says_ok(&self, api: &str, seat: usize) -> reqwest::Result<Value> {
        let body = json!({ "salesWa": format!("+628111000000{seat}"), "body": "OK" });
        self.post(&format!("{api}/webhooks/whatsapp/dummy/sales-ack"), &body)
            .await
    }

    pub(crate) async fn post(&self, url: &str, body: &Value) -> reqwest::Result<Value> {
        self.http
            .post(url)
            .json(body)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await
    }

    /// Posts bytes as Meta does; returns the status.
    pub(crate) async fn post_signed(&self, url: &str, body: Vec<u8>, signature: &str) -> u16 {
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json");
        let request = request.header("x-hub-signature-256", signature).body(body);
        let answer = request.send().await.expect("an answer");
        answer.status().as_u16()
    }

    pub(crate) async fn get(&self, url: &str) -> reqwest::Result<(u16, Value)> {
        let response = self.http.get(url).send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(&self.pool)
            .await
            .unwrap_or(-1)
    }

    /// Waits until the count is at least `wanted`, or zero if that is wanted. Fails after a minute.
    pub(crate) async fn wait_for(&self, statement: &'static str, wanted: i64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.count(statement).await;
            // A count may go past the wanted one between two looks. Zero is a state that stays.
            let is_reached = if wanted == 0 {
                found == 0
            } else {
                found >= wanted
            };
            if is_reached {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{statement}: {found}, waiting for {wanted}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What must hold whatever was killed: every cycle went A, B … without gaps to one end, and
    /// nobody was told anything twice.
    pub(crate) async fn nothing_was_lost_or_doubled(&self, leads: i64) {
        assert_eq!(self.count("select count(*) from lead").await, leads);
        assert_eq!(
            self.count("select count(*) from distribution_cycle").await,
            leads
        );
        // The agents were asked in order, each once, and no lead has two holders.
        let broken = "select count(*) from (
            select c.id, c.status,
                   array_agg(a.sales_id order by a.position) as asked,
                   array_agg(a.position order by a.position) as positions,
                   count(*) filter (where a.status = 'accepted') as winners
            from distribution_cycle c join distribution_attempt a on a.cycle_id = c.id group by c.id) cycle
            where asked <> (array['sales-a', 'sales-b', 'sales-c', 'sales-d', 'sales-e', 'sales-f'])[:cardinality(asked)]
               or positions <> (select array_agg(n) from generate_series(1, cardinality(asked)) n)
               or (status = 'hangus' and (cardinality(asked) <> 6 or winners <> 0))
               or (status = 'accepted' and winners <> 1)
               or status not in ('hangus', 'accepted')";
        assert_eq!(self.count(broken).await, 0);
        let doubled = "select count(*) from (
            select from wa_message where direction = 'out'
            group by to_wa, kind, coalesce(attempt_id, cycle_id) having count(*) > 1) doubled";
        assert_eq!(self.count(doubled).await, 0);
        let early = "select count(*) from distribution_attempt where status = 'timed_out' and closed_at < ack_deadline_at";
        assert_eq!(self.count(early).await, 0);
        let overlapping = "select count(*) from distribution_attempt a join distribution_attempt b
            on b.cycle_id = a.cycle_id and b.position = a.position + 1 where b.assigned_at < a.closed_at";
        assert_eq!(self.count(overlapping).await, 0);
    }
}

/// The `worker` binary beside the `api`; `./test` builds both first.
fn worker_binary() -> PathBuf {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_api")).with_file_name("worker");
    assert!(
        binary.exists(),
        "build the worker first: cargo build -p worker"
    );
    binary
}
