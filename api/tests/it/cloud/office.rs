//! A company on the Cloud API: the harness of these stories.

use super::graph::{Graph, NUMBER, TOKEN, Taken, delivery, signed};
use crate::http::{auth, cookie_of, webhook_secrets};
use chrono::TimeDelta;
use poem::EndpointExt;
use poem::endpoint::BoxEndpoint;
use poem::test::TestClient;
use poem::{Response, http::Method};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::meta::{Conversions, Meta};
use shared::providers::cloud_api::CloudApi;
use shared::providers::graph::Graph as Client;
use shared::providers::{Rules, Templates};
use shared::testing::Harness;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use worker::drain;

/// Sales A to F, a fake Graph, and a manual clock.
pub(crate) struct Office {
    pub(crate) harness: Harness,
    pub(crate) graph: Graph,
    http: TestClient<BoxEndpoint<'static, Response>>,
    said: AtomicU32,
}

/// Meta's rules, as the provider is configured with them.
pub(crate) fn rules() -> Rules {
    Rules {
        messages_per_second: 80,
        pair_pause: Duration::from_secs(6),
        settle_after: Duration::from_secs(60),
        window: Duration::from_secs(24 * 60 * 60),
        stale_after: Duration::from_secs(60 * 60),
        templates: Templates {
            language: "id".to_owned(),
            offer: Some("lead_offer".to_owned()),
            notice: Some("lead_notice".to_owned()),
            welcome: Some("welcome".to_owned()),
        },
    }
}

/// The WhatsApp id of a seeded agent.
pub(crate) fn agent(label: char) -> String {
    format!("628111000000{}", u32::from(label) - u32::from('A') + 1)
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::with(rules()).await
    }

    /// An office that tells clients what happens.
    pub(crate) async fn telling_clients() -> Self {
        Self::on(Harness::telling_clients().await, rules()).await
    }

    /// An office whose offers hide who the client is.
    pub(crate) async fn masked() -> Self {
        Self::on(Harness::masked().await, rules()).await
    }

    pub(crate) async fn with(rules: Rules) -> Self {
        Self::on(Harness::new().await, rules).await
    }

    async fn on(mut harness: Harness, rules: Rules) -> Self {
        let clock = harness.app.clock.clone();
        let graph = Graph::open(move || clock.reading()).await;
        let client = Arc::new(Client::new(&graph.url, "v21.0").expect("a client"));
        let token = SecretString::from(TOKEN);
        let provider = CloudApi::new(Arc::clone(&client), token.clone(), NUMBER.to_owned(), rules);
        harness.app.provider = Arc::new(provider);
        harness.app.meta = Some(Arc::new(Meta {
            graph: client,
            phone_number_id: Some(NUMBER.to_owned()),
            page_token: Some(token.clone()),
            reconcile_every: Some(Duration::from_secs(900)),
            conversions: Some(Conversions {
                dataset_id: "77".to_owned(),
                token,
            }),
        }));
        let http =
            TestClient::new(api::app(harness.app.clone(), auth(), webhook_secrets()).boxed());
        Self {
            harness,
            graph,
            http,
            said: AtomicU32::new(0),
        }
    }

    /// The company's number has this id now, as after a restart with another setting.
    pub(crate) fn our_number_is(&mut self, id: &str) {
        let meta = self.harness.app.meta.take().expect("Meta");
        let conversions = meta.conversions.as_ref().map(|to| Conversions {
            dataset_id: to.dataset_id.clone(),
            token: to.token.clone(),
        });
        self.harness.app.meta = Some(Arc::new(Meta {
            graph: Arc::clone(&meta.graph),
            phone_number_id: Some(id.to_owned()),
            page_token: meta.page_token.clone(),
            reconcile_every: meta.reconcile_every,
            conversions,
        }));
        self.http =
            TestClient::new(api::app(self.harness.app.clone(), auth(), webhook_secrets()).boxed());
    }

    /// This person manages every queue.
    pub(crate) async fn manager_is(&self, wa_id: &str) {
        sqlx::query("update distribution_queue set manager_phones = array['+' || $1]")
            .bind(wa_id)
            .execute(&self.harness.app.pool)
            .await
            .expect("a manager");
    }

    /// Posts bytes with a signature; returns the status.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>, signature: Option<&str>) -> u16 {
        let mut request = self
            .http
            .post(path)
            .content_type("application/json")
            .body(body);
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        request.send().await.0.status().as_u16()
    }

    /// Delivers, signed; the jobs that follow are run.
    pub(crate) async fn deliver(&self, body: &Value) {
        let (bytes, signature) = signed(body);
        assert_eq!(
            self.post("/webhooks/whatsapp", bytes, Some(&signature))
                .await,
            200
        );
        self.work().await;
    }

    pub(crate) async fn work(&self) {
        drain::drain(&self.harness.app).await.expect("jobs run");
    }

    pub(crate) async fn fast_forward(&self, time: TimeDelta) {
        let target = self.harness.now() + time;
        drain::run_until(&self.harness.app, target)
            .await
            .expect("jobs run");
    }

    /// A message of this person, as Meta delivers it.
    pub(crate) fn message(&self, wa_id: &str, more: &Value) -> Value {
        let nth = self.said.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({
            "from": wa_id,
            "id": format!("wamid.SAID{nth:04}"),
            "timestamp": self.harness.now().timestamp().to_string(),
        });
        for (field, value) in more.as_object().expect("fields") {
            message[field] = value.clone();
        }
        json!({ "contacts": [{ "profile": { "name": "Bapak Test" }, "wa_id": wa_id }], "messages": [message] })
    }

    pub(crate) async fn says(&self, wa_id: &str, words: &str) {
        let text = json!({ "type": "text", "text": { "body": words } });
        self.graph.hears(wa_id);
        self.deliver(&delivery(&[self.message(wa_id, &text)])).await;
    }

    pub(crate) async fn presses(&self, wa_id: &str, payload: &str) {
        let reply = json!({ "type": "interactive",
            "interactive": { "type": "button_reply", "button_reply": { "id": payload, "title": "Ambil" } } });
        self.graph.hears(wa_id);
        self.deliver(&delivery(&[self.message(wa_id, &reply)]))
            .await;
    }

    /// Meta reports the status of a message.
    pub(crate) async fn reports(&self, message: &Taken, status: &str, code: Option<i64>) {
        let status = Graph::status(message, status, code);
        self.deliver(&delivery(&[json!({ "statuses": [status] })]))
            .await;
    }

    /// The next message to this person, which is there.
    pub(crate) fn reads(&self, wa_id: &str) -> Taken {
        self.graph
            .read(wa_id)
            .unwrap_or_else(|| panic!("{wa_id} was told nothing"))
    }

    /// The next message to this person, if there is one.
    pub(crate) fn may_read(&self, wa_id: &str) -> Option<Taken> {
        self.graph.read(wa_id)
    }

    /// One row's one column.
    pub(crate) async fn sql(&self, query: &'static str) -> String {
        sqlx::query_scalar::<_, Option<String>>(query)
            .fetch_one(&self.harness.app.pool)
            .await
            .expect(query)
            .unwrap_or_default()
    }

    pub(crate) async fn send_as(
        &self,
        user: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let cookie = cookie_of(&self.harness.app, &auth(), user).await;
        let request = self.http.request(method, path).header("cookie", cookie);
        let response = request
            .header("origin", "http://localhost:5173")
            .body_json(body)
            .send()
            .await
            .0;
        let status = response.status().as_u16();
        let text = response.into_body().into_string().await.expect("a text");
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// What the admin is answered, which must be 200.
    pub(crate) async fn admin_gets(&self, path: &str) -> Value {
        let (status, answer) = self.send_as("admin", Method::GET, path, &json!({})).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = self.http.get(path).send().await.0;
        let status = response.status().as_u16();
        (
            status,
            response.into_body().into_string().await.expect("a text"),
        )
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value, token: Option<&str>) -> u16 {
        let mut request = self.http.post(path).body_json(body);
        if let Some(token) = token {
            request = request.header("x-meta-leads-token", token);
        }
        request.send().await.0.status().as_u16()
    }

    /// The end: every message was read, no job was laid aside, the rules hold.
    pub(crate) async fn nobody_else_was_messaged(self) {
        self.work().await;
        let unread = self.graph.unread();
        assert!(unread.is_empty(), "unexpected messages: {unread:#?}");
        self.the_rules_hold().await;
    }

    pub(crate) async fn the_rules_hold(&self) {
        let dead = drain::dead_letters(&self.harness.app)
            .await
            .expect("a count");
        assert_eq!(dead, 0, "jobs were laid aside");
        let audit = shared::distribution::audit(&self.harness.app, false)
            .await
            .expect("an audit");
        assert_eq!(audit, [], "the rules hold");
    }
}
