//! Traces, as a real collector gets them from real processes: OTLP over HTTP, decoded with OpenTelemetry's own types.

use super::company::{Company, http_client};
use crate::cloud::graph::{Graph, NUMBER, TOKEN, Taken, delivery, signed};
use crate::http::APP_SECRET;
use chrono::{DateTime, Utc};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Body, EndpointExt, Request, Route, handler, post};
use prost::Message;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The token that the collector asks for.
const COLLECTOR_TOKEN: &str = "a token, with a comma";
/// A caller's place in a trace.
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CLIENT: &str = "6281234567890";
const WORDS: &str = "Halo, rahasia saya";

#[allow(
    clippy::disallowed_methods,
    reason = "the processes and their database have the real time"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A collector, with what it was sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Vec<u8>>>>);

#[handler]
async fn take(Data(collector): Data<&Collector>, request: &Request, body: Body) -> StatusCode {
    if request.header("authorization") != Some(&format!("Bearer {COLLECTOR_TOKEN}")) {
        return StatusCode::UNAUTHORIZED;
    }
    let bytes = body.into_vec().await.expect("a body");
    let mut taken = collector.0.lock().unwrap_or_else(PoisonError::into_inner);
    taken.push(bytes);
    StatusCode::OK
}

impl Collector {
    async fn open() -> (Self, String) {
        let collector = Self::default();
        let data = collector.clone();
        let url =
            crate::local::serve(move |_| Route::new().at("/v1/traces", post(take)).data(data));
        (collector, url.await)
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Every span, with the name of the process that made it.
    fn spans(&self) -> Vec<(String, Span)> {
        let mut spans = Vec::new();
        for bytes in self.bytes() {
            let request = ExportTraceServiceRequest::decode(&*bytes).expect("OTLP");
            for of_process in request.resource_spans {
                let resource = of_process.resource.expect("a resource");
                let service = attribute(&resource.attributes, "service.name");
                let scopes = of_process.scope_spans.into_iter();
                let made = scopes.flat_map(|scope| scope.spans);
                spans.extend(made.map(|span| (service.clone(), span)));
            }
        }
        spans
    }

    /// The span with this name in the caller's trace, as soon as it is here.
    async fn span(&self, service: &str, name: &str) -> Span {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.spans().into_iter().find(|(made_by, span)| {
                made_by == service && span.name == name && hex::encode(&span.trace_id) == TRACE
            });
            match found {
                Some((_, span)) => return span,
                None => assert!(
                    Instant::now() < deadline,
                    "no {name} of {service} in {:?}",
                    self.spans()
                ),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn attribute(attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Settings of processes that use the Cloud API, and send their traces.
fn settings<'url>(graph: &'url str, collector: &'url str) -> Vec<(&'static str, &'url str)> {
    vec![
        ("WA_PROVIDER", "cloud_api"),
        ("WA_CLOUD_API_BASE_URL", graph),
        ("WA_CLOUD_API_TOKEN", TOKEN),
        ("WA_CLOUD_PHONE_NUMBER_ID", NUMBER),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20a%20token%2C%20with%20a%20comma",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ]
}

/// What the api needs beside that to serve a company that others reach.
const SERVED: [(&str, &str); 6] = [
    ("META_APP_SECRET", APP_SECRET),
    ("WHATSAPP_VERIFY_TOKEN", "a-verify-token-of-the-tests"),
    ("BETTER_AUTH_SECRET", "k3Jq8vXw2mZp5rTn9bYc4hLd7gFs6aKx"),
    ("BETTER_AUTH_URL", "https://lounge.example"),
    ("AUTH_BEHIND_PROXY", "true"),
    ("META_LEADS_TOKEN", ""),
];

async fn deliver(api: &str, value: &Value, traceparent: Option<&str>) {
    let (bytes, signature) = signed(&delivery(std::slice::from_ref(value)));
    let mut request = http_client()
        .post(format!("{api}/webhooks/whatsapp"))
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .header("x-request-id", "request-of-the-story")
        .body(bytes);
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent);
    }
    let status = request.send().await.expect("an answer").status();
    assert_eq!(status.as_u16(), 200);
}

/// The offer that Graph took, as soon as it has it.
async fn offer_taken(graph: &Graph) -> Taken {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(offer) = graph.read("6281110000001") {
            return offer;
        }
        assert!(Instant::now() < deadline, "Graph took no offer");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_its_jobs_the_call_to_meta_and_the_status_are_one_trace_without_personal_data() {
    let (collector, url) = Collector::open().await;
    let graph = Graph::open(now).await;
    let company = Company::open("300").await;
    let mut all = settings(&graph.url, &url);
    let worker = company.start_worker_with(&all);
    all.extend(SERVED);
    let (api, address) = company.start_api_with(&all).await;
    let said = json!({
        "contacts": [{ "profile": { "name": "Bapak Rahasia" }, "wa_id": CLIENT }],
        "messages": [{ "from": CLIENT, "id": "wamid.SAID", "type": "text", "text": { "body": WORDS },
                       "timestamp": now().timestamp().to_string() }],
    });
    deliver(&address, &said, Some(CALLER)).await;
    let offer = offer_taken(&graph).await;
    let accepted = "select count(*) from distribution_attempt where offer_accepted_at is not null";
    company.wait_for(accepted, 1).await;
    let status = json!({ "statuses": [Graph::status(&offer, "delivered", None)] });
    deliver(&address, &status, None).await;

    let request = collector.span("api", "POST receiveWhatsapp").await;
    assert_eq!(hex::encode(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(
        attribute(&request.attributes, "http.response.status_code"),
        "200"
    );
    assert_eq!(
        attribute(&request.attributes, "request_id"),
        "request-of-the-story"
    );
    assert_eq!(
        request.events[0].name, "api.request",
        "log lines are events"
    );
    let handled = collector.span("worker", "handle-delivery.v1").await;
    assert_eq!(handled.parent_span_id, request.span_id);
    assert_eq!(attribute(&handled.attributes, "outcome"), "done");
    let forwarded = collector.span("worker", "forward-lead-to-sales.v1").await;
    assert_eq!(forwarded.parent_span_id, handled.span_id);
    let status = collector.span("worker", "status delivered").await;
    assert_eq!(status.parent_span_id, forwarded.span_id);
    assert_ne!(
        hex::encode(&status.links[0].trace_id),
        TRACE,
        "the delivery's own trace"
    );
    let of_offer = |name: &str| {
        let spans = collector.spans().into_iter().map(|(_, span)| span);
        let mut found = spans.filter(|span| span.name == name);
        found.find(|span| {
            span.parent_span_id == forwarded.span_id
                || name == "graph" && span.trace_id == forwarded.trace_id
        })
    };
    let call = of_offer("cloud_api").expect("the call of the provider");
    assert_eq!(attribute(&call.attributes, "class"), "accepted");
    of_offer("graph").expect("the call to Graph");

    assert!(worker.terminate().await.success());
    assert!(api.terminate().await.success());
    // What was made last is sent before a process ends.
    let sent = collector.bytes().concat();
    let has = |word: &str| sent.windows(word.len()).any(|part| part == word.as_bytes());
    assert!(has("handle-delivery.v1"));
    for secret in [
        CLIENT,
        "6281110000001",
        "Rahasia",
        "rahasia",
        TOKEN,
        APP_SECRET,
    ] {
        assert!(!has(secret), "{secret} is in a trace");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_collector_a_company_works_and_the_loss_is_counted() {
    let company = Company::open("0.5").await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let traced = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let worker = company.start_worker_with(&traced);
    let health = worker.logs("worker.health").await;
    let (_, place) = health.split_once("socket://").expect("an address");
    let metrics = format!("http://{}/metrics", place.trim_end_matches('"'));
    let (_api, address) = company.start_api_with(&traced).await;
    company.client_writes(&address, 1).await.expect("an answer");
    company
        .wait_for("select count(*) from lead where status = 'hangus'", 1)
        .await;
    worker.logs("traces.not_sent").await;
    let http = http_client();
    let dropped = async || {
        let answer = http.get(&metrics).send().await.expect("an answer");
        let text = answer.text().await.expect("a text");
        let name = r#"property_lounge_trace_batches_total{result="dropped"} "#;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |count| count.parse().expect("a count"))
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while dropped().await < 3 {
        assert!(Instant::now() < deadline, "the loss is not counted");
        sleep(Duration::from_millis(50)).await;
    }
    let again = worker.lines();
    let again = again.iter().filter(|line| line.contains("traces.not_sent"));
    assert_eq!(again.count(), 0, "a collector that is away is logged once");
}
