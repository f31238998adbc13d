//! The harness of the stories.

use crate::http::{auth, cookie_of};
use api::auth::Auth;
use chrono::{DateTime, TimeDelta, Utc};
use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use serde_json::{Value, json};
use shared::distribution;
use shared::phone::Phone;
use shared::testing::{Harness, agent_phone};
use worker::drain;

/// A company with Sales A to F, a scripted provider, and a manual clock.
/// A story ends with [`Story::nobody_else_was_messaged`], or fails.
pub(crate) struct Story {
    pub(crate) harness: Harness,
    http: TestClient<BoxEndpoint<'static, Response>>,
    auth: Auth,
    ended: bool,
}

/// A person with a number.
pub(crate) struct Person<'story> {
    story: &'story Story,
    phone: Phone,
    typed: String,
}

pub(crate) fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

impl Story {
    pub(crate) async fn begin() -> Self {
        Self::of(Harness::new().await)
    }

    /// A story in which offers hide the client.
    pub(crate) async fn begin_masked() -> Self {
        Self::of(Harness::masked().await)
    }

    /// A story in which clients are told what happens.
    pub(crate) async fn begin_telling_clients() -> Self {
        Self::of(Harness::telling_clients().await)
    }

    /// A story in which agents are asked about the result of a visit.
    pub(crate) async fn begin_asking_about_visits() -> Self {
        Self::of(Harness::asking_about_visits().await)
    }

    pub(crate) fn of(harness: Harness) -> Self {
        let auth = auth();
        let http = TestClient::new(
            api::app(
                harness.app.clone(),
                auth.clone(),
                crate::http::webhook_secrets(),
            )
            .boxed(),
        );
        Self {
            harness,
            http,
            auth,
            ended: false,
        }
    }

    pub(crate) fn client(&self, typed: &str) -> Person<'_> {
        Person {
            story: self,
            phone: Phone::from_human("client", typed).expect("a client's number"),
            typed: typed.to_owned(),
        }
    }

    pub(crate) fn agent(&self, label: &str) -> Person<'_> {
        let phone = agent_phone(label);
        Person {
            story: self,
            typed: phone.to_string(),
            phone,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.harness.now()
    }

    /// Lets time go by, jobs running when they are due.
    pub(crate) async fn fast_forward(&self, time: TimeDelta) {
        let target = self.now() + time;
        drain::run_until(&self.harness.app, target)
            .await
            .expect("jobs run");
    }

    /// Lets time go by while no worker runs.
    pub(crate) fn time_passes_without_workers(&self, time: TimeDelta) {
        self.harness.app.clock.set(self.now() + time);
    }

    /// Runs the jobs that are due.
    pub(crate) async fn workers_catch_up(&self) {
        drain::drain(&self.harness.app).await.expect("jobs run");
    }

    /// Posts, and returns the answer, which must be 200.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.http.post(path).body_json(body).send().await;
        response.assert_status_is_ok();
        json_of(response).await
    }

    /// Posts without a session, and returns status and answer.
    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.http.post(path).body_json(body).send().await;
        (response.0.status().as_u16(), json_of(response).await)
    }

    /// The previous server's step A.
    pub(crate) async fn ad(&self, meta_lead_id: &str, phone: &str) -> Value {
        let body = json!({
            "metaLeadId": meta_lead_id,
            "name": "Bapak Test",
            "phone": phone,
            "sourceAds": "Meta Ads CTA - Dummy"
        });
        let answer = self.post("/webhooks/meta/leads", &body).await;
        self.workers_catch_up().await;
        answer
    }

    pub(crate) async fn run_timeouts(&self) -> Value {
        let path = "/webhooks/whatsapp/dummy/run-timeouts";
        let response = self.http.post(path).send().await;
        response.assert_status_is_ok();
        json_of(response).await
    }

    /// The whole story of a lead.
    pub(crate) async fn journey(&self, lead: &str) -> Value {
        self.get_as("admin", &format!("/api/distribution/leads/{lead}"))
            .await
    }

    /// What this user is answered, which must be 200.
    pub(crate) async fn get_as(&self, user: &str, path: &str) -> Value {
        let cookie = cookie_of(&self.harness.app, &self.auth, user).await;
        let response = self.http.get(path).header("cookie", cookie).send().await;
        response.assert_status_is_ok();
        json_of(response).await
    }

    /// The text that this user is answered, which must be 200.
    pub(crate) async fn text_as(&self, user: &str, path: &str) -> String {
        let cookie = cookie_of(&self.harness.app, &self.auth, user).await;
        let response = self.http.get(path).header("cookie", cookie).send().await;
        response.assert_status_is_ok();
        let text = response.0.into_body().into_string().await;
        text.expect("a text body")
    }

    /// The bytes that this user is answered, which must be 200.
    pub(crate) async fn bytes_as(&self, user: &str, path: &str) -> Vec<u8> {
        let cookie = cookie_of(&self.harness.app, &self.auth, user).await;
        let response = self.http.get(path).header("cookie", cookie).send().await;
        response.assert_status_is_ok();
        let bytes = response.0.into_body().into_vec().await;
        bytes.expect("a body")
    }

    /// Uploads a file as this user, and returns status and answer.
    pub(crate) async fn upload_as(&self, user: &str, path: &str, file: Vec<u8>) -> (u16, Value) {
        let cookie = cookie_of(&self.harness.app, &self.auth, user).await;
        let request = self.http.post(path).header("cookie", cookie);
        let request = request
            .header("origin", "http://localhost:5173")
            .content_type("application/octet-stream");
        let response = request.body(file).send().await;
        (response.0.status().as_u16(), json_of(response).await)
    }

    /// Sends a body as this user, and returns status and answer.
    pub(crate) async fn send_as(
        &self,
        user: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        self.send_with(
            user,
            method,
            path,
            body,
            ("x-request-id", "a-story-is-told"),
        )
        .await
    }

    /// The same, with a header.
    pub(crate) async fn send_with(
        &self,
        user: &str,
        method: Method,
        path: &str,
        body: &Value,
        (name, value): (&str, &str),
    ) -> (u16, Value) {
        let cookie = cookie_of(&self.harness.app, &self.auth, user).await;
        let request = self.http.request(method, path).header("cookie", cookie);
        let request = request
            .header("origin", "http://localhost:5173")
            .header(name, value);
        let response = request.body_json(body).send().await;
        (response.0.status().as_u16(), json_of(response).await)
    }

    /// The provider's id of a lead's first offer.
    pub(crate) async fn offer_message(&self, lead: &str) -> String {
        let journey = self.journey(lead).await;
        let messages = journey["messages"].as_array().expect("messages");
        let offer = messages.iter().find(|message| message["kind"] == "offer");
        text(&offer.expect("an offer")["providerMessageId"])
    }

    /// `status` and, of the last cycle, each attempt's status.
    pub(crate) async fn standing(&self, lead: &str) -> (String, Vec<String>) {
        let journey = self.journey(lead).await;
        let cycle = journey["cycles"]
            .as_array()
            .and_then(|cycles| cycles.last());
        let attempts = cycle.and_then(|cycle| cycle["attempts"].as_array());
        let attempts = attempts.into_iter().flatten();
        (
            text(&journey["lead"]["status"]),
            attempts.map(|attempt| text(&attempt["status"])).collect(),
        )
    }

    /// The story's end: every message was expected, and no job was laid aside.
    pub(crate) async fn nobody_else_was_messaged(mut self) {
        self.workers_catch_up().await;
        let unheard = self.harness.provider.unheard();
        assert!(unheard.is_empty(), "unexpected messages: {unheard:#?}");
        let dead = drain::dead_letters(&self.harness.app)
            .await
            .expect("a count");
        assert_eq!(dead, 0, "jobs were laid aside");
        let audit = distribution::audit(&self.harness.app, false)
            .await
            .expect("an audit");
        assert_eq!(audit, [], "the rules hold");
        self.ended = true;
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        let excused = self.ended || std::thread::panicking();
        assert!(excused, "a story ends with nobody_else_was_messaged()");
    }
}

impl Person<'_> {
    /// Writes to the company's number; the jobs that follow are run.
    pub(crate) async fn says(&self, body: &str) -> Value {
        self.sends(json!({ "body": body })).await
    }

    /// As [`Self::says`], with more of the dummy endpoint's fields.
    pub(crate) async fn sends(&self, mut message: Value) -> Value {
        let is_agent = self.typed.starts_with("+62811100000");
        let (path, field) = if is_agent {
            ("/webhooks/whatsapp/dummy/sales-ack", "salesWa")
        } else {
            ("/webhooks/whatsapp/dummy/client-message", "clientWa")
        };
        message[field] = json!(self.typed);
        if !is_agent {
            message["clientName"] = json!("Bapak Test");
            message["sourceAds"] = json!("Meta Ads CTA - Dummy");
        }
        let answer = self.story.post(path, &message).await;
        self.story.workers_catch_up().await;
        answer
    }

    /// The next message to this person, which must contain this text.
    pub(crate) fn is_told(&self, words: &str) {
        let heard = self.story.harness.provider.heard_by(&self.phone);
        let heard = heard.unwrap_or_else(|| panic!("{} was told nothing", self.typed));
        assert!(
            heard.body.contains(words),
            "{} was told: {}",
            self.typed,
            heard.body
        );
    }

    /// The next message to this person.
    pub(crate) fn reads(&self) -> String {
        let heard = self.story.harness.provider.heard_by(&self.phone);
        heard
            .unwrap_or_else(|| panic!("{} was told nothing", self.typed))
            .body
    }

    pub(crate) fn is_offered_the_lead(&self) {
        self.is_told("Balas OK");
    }

    pub(crate) fn is_asked_to_wait(&self) {
        self.is_told("Harap menunggu agent professional akan menhubungi anda");
    }
}

/// The code by which a manager names the lead of this alert.
pub(crate) fn code_in(alert: &str) -> &str {
    alert
        .split("TUGASKAN ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .expect("a code")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn json_of(response: poem::test::TestResponse) -> Value {
    let body = response
        .0
        .into_body()
        .into_string()
        .await
        .expect("a text body");
    serde_json::from_str(&body).expect("a JSON body")
}
