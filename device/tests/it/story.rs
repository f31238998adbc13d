//! The whole way: an admin links the company's phone through the api, a client writes, an agent answers.

use crate::company::{AGENT, CLIENT, COMPANY, Company};
use serde_json::{Value, json};
use shared::linked_device::State;
use shared::testing::Process;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use whatsapp_rust::wacore::proto_helpers::MessageBuilderExt;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

const TOKEN: &str = "a-token-of-the-admins";

/// An admin with the token, at an api.
struct Admin {
    _api: Process,
    url: String,
    http: reqwest::Client,
}

impl Admin {
    async fn at(company: &Company) -> Self {
        let (api, url) = company.api(&[("ADMIN_WHATSAPP_TOKEN", TOKEN)]).await;
        shared::providers::graph::choose_tls();
        Self {
            _api: api,
            url,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .build()
                .expect("a client"),
        }
    }

    /// Asks, and asks again while the api says that the database is too slow (503 within a second, by its promise).
    ///
    /// On a busy machine that is a right answer. No machine is busy for half a minute.
    async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = self.ask_once(method.clone(), path, body.as_ref()).await;
            let took_too_long = answer.status() == reqwest::StatusCode::SERVICE_UNAVAILABLE;
            if took_too_long && Instant::now() < deadline {
                sleep(Duration::from_millis(100)).await;
                continue;
            }
            let answer = answer.error_for_status().expect("a good answer");
            return answer.json().await.expect("JSON");
        }
    }

    async fn ask_once(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Response {
        let url = format!("{}/api/whatsapp-admin/{path}", self.url);
        let request = self
            .http
            .request(method, url)
            .header("x-admin-token", TOKEN);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.expect("an answer")
    }

    async fn status(&self) -> Value {
        self.ask(reqwest::Method::GET, "status", None).await
    }

    async fn post(&self, path: &str) -> Value {
        self.ask(reqwest::Method::POST, path, None).await
    }

    async fn sees(&self, state: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let status = self.status().await;
            if status["state"] == state {
                return status;
            }
            assert!(Instant::now() < deadline, "not {state}: {status:#}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_links_the_phone_and_a_lead_is_claimed_over_it() {
    let company = Company::open().await;
    let admin = Admin::at(&company).await;
    let none = admin.status().await;
    assert_eq!(none["state"], "failed");
    assert_eq!(none["devicesAlive"], 0);
    let reason = none["reason"].as_str().expect("a reason");
    assert!(reason.contains("no device process is running"), "{reason}");
    let waits = admin.post("start").await;
    assert_eq!(waits["desired"], "started");

    let _worker = company.worker();
    let _device = company.device();
    let shown = admin.sees("scan_qr").await;
    let svg = shown["qr"]["svg"].as_str().expect("a drawing");
    assert!(svg.starts_with("<svg") && svg.len() > 1000);
    let other = Admin::at(&company).await;
    let code = other.status().await["qr"]["text"]
        .as_str()
        .expect("the code")
        .to_owned();
    company.whatsapp.scan(&code).await;
    let connected = admin.sees("connected").await;
    assert_eq!(connected["linkedNumber"], COMPANY);
    assert!(connected.get("qr").is_none() && connected["since"].is_string());

    let tried = admin
        .ask(
            reqwest::Method::POST,
            "test-message",
            Some(json!({ "to": CLIENT })),
        )
        .await;
    assert!(tried["messageId"].is_string());
    company
        .reads(CLIENT, "Pesan uji dari Property Lounge")
        .await;

    company
        .whatsapp
        .writes(CLIENT, "Halo saya tertarik unitnya")
        .await;
    company
        .reads(CLIENT, "Harap menunggu agent professional")
        .await;
    let offer = company.reads(AGENT, "Halo saya tertarik unitnya").await;
    company
        .whatsapp
        .sends(AGENT, &answer_to(&offer, "OK"))
        .await;
    company
        .wait_for(
            "select count(*) from lead where status = 'claimed' and owner_sales_id = 'sales-a' and phone = '+6281234001234'",
            1,
        )
        .await;
    company.reads(AGENT, "Bapak Test").await;
    company
        .wait_for(
            "select count(*) from distribution_attempt where status = 'accepted' and position = 1",
            1,
        )
        .await;

    admin.post("stop").await;
    admin.sees("stopped").await;
    other.post("restart").await;
    admin.sees("connected").await;
    admin.post("reset").await;
    let fresh = admin.sees("scan_qr").await;
    assert!(fresh.get("linkedNumber").is_none());
    assert_ne!(fresh["qr"]["text"], code.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_may_not_write_first_burns_one_agent_and_no_lead() {
    let company = Company::open().await;
    let admin = Admin::at(&company).await;
    let _worker = company.worker();
    let _device = company.linked_device().await;
    company.whatsapp.person("+6281110000002", "Sales B").await;
    company.whatsapp.locks_reach_out(true).await;
    company.whatsapp.writes(CLIENT, "Halo").await;
    company.reads(CLIENT, "Harap menunggu").await;
    company
        .wait_for(
            "select count(*) from provider_health where provider = 'qr_local' and frozen_since is not null",
            1,
        )
        .await;
    assert!(admin.status().await["frozenSince"].is_string());
    assert_eq!(
        company
            .count("select count(*) from lead where status = 'hangus'")
            .await,
        0
    );

    company.whatsapp.locks_reach_out(false).await;
    company.reads("+6281110000002", "Bapak Test").await;
    company
        .wait_for(
            "select count(*) from distribution_attempt where status = 'open' and position = 2",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_stand_still_while_the_device_is_away_and_go_on_when_it_is_back() {
    let company = Company::open().await;
    let admin = Admin::at(&company).await;
    let _worker = company.worker();
    let device = company.linked_device().await;
    company.whatsapp.writes(CLIENT, "Halo").await;
    company.reads(AGENT, "Bapak Test").await;
    let frozen = "select count(*) from provider_health where provider = 'qr_local' and frozen_since is not null";
    company.wait_for(frozen, 0).await;

    // An admin stops it: no agent can answer, and no deadline passes.
    admin.post("stop").await;
    company.wait_for(frozen, 1).await;
    assert!(admin.status().await["frozenSince"].is_string());
    let deadline =
        "select (extract(epoch from ack_deadline_at) * 1000000)::bigint from distribution_attempt";
    let before = company.count(deadline).await;
    admin.post("start").await;
    company.is(State::Connected).await;
    company.wait_for(frozen, 0).await;
    assert_eq!(
        company.count(deadline).await,
        before,
        "the agent has the offer, and its deadline is still to come"
    );

    // It dies, connected: after half a minute of silence the workers see it, too.
    device.kill();
    sqlx::query("update linked_device set seen_at = seen_at - interval '31 seconds'")
        .execute(&company.pool)
        .await
        .expect("half a minute");
    company.wait_for(frozen, 1).await;
    let _device = company.device();
    company.wait_for(frozen, 0).await;
    company.whatsapp.writes(AGENT, "OK").await;
    company
        .wait_for(
            "select count(*) from lead where status = 'claimed' and owner_sales_id = 'sales-a'",
            1,
        )
        .await;
}

/// An answer that quotes a message of the company's.
fn answer_to(id: &str, words: &str) -> wa::Message {
    let context = wa::ContextInfo {
        stanza_id: Some(id.to_owned()),
        quoted_message: MessageField::some(wa::Message::text("…")),
        ..Default::default()
    };
    wa::Message {
        extended_text_message: MessageField::some(wa::message::ExtendedTextMessage {
            text: Some(words.to_owned()),
            context_info: MessageField::some(context),
            ..Default::default()
        }),
        ..Default::default()
    }
}
