//! What an operator sees and does through the API: jobs and processes, and nothing of a client.

use super::story::{Story, text};
use poem::http::Method;
use serde_json::{Value, json};

const DEAD: &str = "insert into apalis.jobs (id, job_type, job, run_at, attempts, max_attempts, priority, status, done_at, last_result)
    select '01K0000000000000000000' || lpad(n::text, 4, '0'), 'send-conversion.v1', convert_to('{\"conversion\":\"' || gen_random_uuid() || '\"}', 'UTF8'),
           now() - interval '1 hour', 100, 100, 0, 'Killed', now(), '{\"Err\": \"refused\", \"Class\": \"provider_refused\"}'
    from generate_series(1, 1200) n";

impl Story {
    async fn with_an_operator(&self) {
        sqlx::query(r#"insert into "user" (id, name, email, role) values ('operator', 'Opi', 'opi@example.com', 'operator')"#)
            .execute(&self.harness.app.pool)
            .await
            .expect("an operator");
    }

    async fn act(&self, body: Value) -> (u16, Value) {
        self.send_as("operator", Method::POST, "/api/operations/jobs/act", &body)
            .await
    }
}

#[tokio::test]
async fn an_operator_counts_dead_letters_and_tries_all_that_match_again() {
    let story = Story::begin().await;
    story.with_an_operator().await;
    sqlx::raw_sql(DEAD)
        .execute(&story.harness.app.pool)
        .await
        .expect("dead letters");
    let filter =
        json!({ "state": "dead", "queue": "send-conversion.v1", "errorClass": "provider_refused" });
    let (_, counted) = story
        .send_as(
            "operator",
            Method::POST,
            "/api/operations/jobs/count",
            &json!({ "action": "retry", "filter": filter }),
        )
        .await;
    assert_eq!(counted, json!({ "jobs": 1200 }));
    let page = story
        .get_as("operator", "/api/operations/jobs?state=dead&limit=500")
        .await;
    assert_eq!(page.as_array().map(Vec::len), Some(500));
    let last = text(&page[499]["id"]);
    let rest = story
        .get_as(
            "operator",
            &format!("/api/operations/jobs?state=dead&limit=500&after={last}"),
        )
        .await;
    assert_ne!(rest[0]["id"], page[499]["id"]);
    // More than were counted: nothing is done.
    let (status, problem) = story
        .act(json!({ "action": "retry", "filter": filter, "expected": 1199 }))
        .await;
    assert_eq!((status, &problem["code"]), (409, &json!("count_changed")));
    let (status, done) = story
        .act(json!({ "action": "retry", "filter": filter, "expected": 1200 }))
        .await;
    assert_eq!((status, &done["jobs"]), (200, &json!(1200)));
    let queues = story.get_as("operator", "/api/operations/queues").await;
    let row = queues
        .as_array()
        .expect("queues")
        .iter()
        .find(|row| row["queue"] == "send-conversion.v1");
    let row = row.expect("the queue");
    assert_eq!((&row["waiting"], &row["dead"]), (&json!(1200), &json!(0)));
    // They have all their tries again; their conversions do not exist, so that they are done.
    story.workers_catch_up().await;
    // One row a batch.
    let actions = story.get_as("operator", "/api/operations/actions").await;
    let rows: Vec<Option<i64>> = actions
        .as_array()
        .expect("actions")
        .iter()
        .map(|done| done["rows"].as_i64())
        .collect();
    assert_eq!((rows.len(), rows.iter().flatten().sum()), (3, 1200_i64));
    assert_eq!(actions[0]["action"], "retry");
    assert!(text(&actions[0]["byWhom"]).starts_with("user "));
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_job_that_waits_is_discarded_as_after_its_last_failure_and_one_that_runs_is_not() {
    let story = Story::begin().await;
    story.with_an_operator().await;
    let pool = &story.harness.app.pool;
    let message = json!({ "clientWa": "0812-3400-1234", "body": "Halo" });
    story
        .post("/webhooks/whatsapp/dummy/client-message", &message)
        .await;
    sqlx::raw_sql("update apalis.jobs set status = 'Running', lock_by = null where job_type = 'forward-lead-to-sales.v1'")
        .execute(pool)
        .await
        .expect("it runs");
    let forward = json!({ "queue": "forward-lead-to-sales.v1" });
    let (_, done) = story
        .act(json!({ "action": "discard", "filter": forward, "expected": 10 }))
        .await;
    assert_eq!(done["jobs"], 0);
    let answer = json!({ "queue": "send-message.v1" });
    let (_, done) = story
        .act(json!({ "action": "discard", "filter": answer, "expected": 10 }))
        .await;
    assert_eq!(done["jobs"], 1);
    // It is not discarded twice, and its worker does what it does after the last failure.
    let (_, again) = story
        .act(json!({ "action": "discard", "filter": answer, "expected": 10 }))
        .await;
    assert_eq!(again["jobs"], 0);
    story.workers_catch_up().await;
    let failed: i64 = sqlx::query_scalar(
        "select count(*) from wa_message where kind = 'auto_reply' and delivery_status = 'failed'",
    )
    .fetch_one(pool)
    .await
    .expect("a count");
    assert_eq!(failed, 1, "the message failed");
    let trouble = story.get_as("operator", "/api/operations/trouble").await;
    let counts = (&trouble["jobsDead"], &trouble["messagesFailed1d"]);
    assert_eq!(counts, (&json!(1), &json!(0)), "it counts once: {trouble}");
    // Tried again, it is sent after all.
    let dead = json!({ "state": "dead", "queue": "send-message.v1" });
    let (_, retried) = story
        .act(json!({ "action": "retry", "filter": dead, "expected": 1 }))
        .await;
    assert_eq!(retried["jobs"], 1);
    story.workers_catch_up().await;
    story.client("0812-3400-1234").is_asked_to_wait();
    sqlx::raw_sql(
        "update apalis.jobs set status = 'Killed' where job_type = 'forward-lead-to-sales.v1'",
    )
    .execute(pool)
    .await
    .expect("an offer that was given up");
    let offers = json!({ "state": "dead", "queue": "forward-lead-to-sales.v1" });
    let (_, none) = story
        .act(json!({ "action": "retry", "filter": offers, "expected": 1 }))
        .await;
    assert_eq!(none["jobs"], 0, "the next agent was asked");
    sqlx::raw_sql("update apalis.jobs set status = 'Running'")
        .execute(pool)
        .await
        .expect("it runs");
    sqlx::raw_sql("update apalis.jobs set status = 'Pending'")
        .execute(pool)
        .await
        .expect("it ended");
    story.workers_catch_up().await;
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_job_whose_time_has_not_come_runs_now_and_a_deadline_is_not_moved_by_it() {
    let story = Story::begin().await;
    story.with_an_operator().await;
    story.client("0812-3400-1234").says("Halo").await;
    story.workers_catch_up().await;
    story.agent("A").is_offered_the_lead();
    let check = json!({ "queue": "check-ack-deadline.v1", "state": "scheduled" });
    let (_, done) = story
        .act(json!({ "action": "run_now", "filter": check, "expected": 5 }))
        .await;
    assert_eq!(done["jobs"], 1);
    story.workers_catch_up().await;
    assert_eq!(story.agent("A").says("OK").await["outcome"], "accepted");
    story.client("0812-3400-1234").is_asked_to_wait();
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_operator_sees_no_lead_gets_none_and_has_no_place_in_a_queue() {
    let story = Story::begin().await;
    story.with_an_operator().await;
    let lead = story.client("0812-3400-1234").says("Halo").await;
    let lead = text(&lead["lead"]["id"]);
    for path in [
        "/api/leads",
        "/api/board",
        "/api/events",
        "/api/users",
        "/api/whatsapp/messages",
    ] {
        let (status, _) = story
            .send_as("operator", Method::GET, path, &json!(null))
            .await;
        assert_eq!(status, 403, "{path}");
    }
    let assign = json!({ "salesId": "operator" });
    let path = format!("/api/leads/{lead}/assign");
    let (status, problem) = story.send_as("admin", Method::POST, &path, &assign).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("agent_disabled")),
        "{problem}"
    );
    let queues = story.get_as("admin", "/api/distribution/queues").await;
    let queue = text(&queues[0]["id"]);
    let path = format!("/api/distribution/queues/{queue}/places");
    let (status, problem) = story
        .send_as(
            "admin",
            Method::POST,
            &path,
            &json!({ "salesId": "operator" }),
        )
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("agent_disabled")),
        "{problem}"
    );
    let new = json!({ "name": "Ode", "email": "ode@example.com", "password": "angin timur dari selat", "role": "operator" });
    let (status, user) = story
        .send_as("admin", Method::POST, "/api/users", &new)
        .await;
    assert_eq!((status, &user["role"]), (200, &json!("operator")));
    // Nobody with work becomes an operator.
    let (status, problem) = story
        .send_as(
            "admin",
            Method::PATCH,
            "/api/users/sales-a",
            &json!({ "role": "operator" }),
        )
        .await;
    assert_eq!((status, &problem["code"]), (409, &json!("has_leads")));
    story.client("0812-3400-1234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_message_that_was_left_is_handled_again_when_an_operator_says_so() {
    let story = Story::begin().await;
    story.with_an_operator().await;
    let pool = &story.harness.app.pool;
    let id = "01890000-0000-7000-8000-000000000021";
    sqlx::query("insert into inbound_event (id, sender, payload, received_at, acknowledged_at, failures) values ($1::uuid, '+6281234001234', '{}', $2, $2, 5)")
        .bind(id)
        .bind(story.now())
        .execute(pool)
        .await
        .expect("a message that was left");
    let trouble = story.get_as("operator", "/api/operations/trouble").await;
    assert_eq!(
        (&trouble["messagesUnheard"], &trouble["unheard"][0]["id"]),
        (&json!(1), &json!(id))
    );
    assert!(!trouble.to_string().contains("6281234001234"), "no number");
    let path = format!("/api/operations/unheard/{id}/retry");
    assert_eq!(
        story
            .send_as("operator", Method::POST, &path, &json!(null))
            .await
            .0,
        200
    );
    let failures: i32 = sqlx::query_scalar("select failures from inbound_event")
        .fetch_one(pool)
        .await
        .expect("its failures");
    assert_eq!(failures, 0);
    assert_eq!(
        story
            .send_as("operator", Method::POST, &path, &json!(null))
            .await
            .0,
        404
    );
    story.nobody_else_was_messaged().await;
}
