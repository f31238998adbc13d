//! What an admin sets and sees, through the api.

use super::story::{Story, minutes, text};
use poem::http::Method;
use serde_json::{Value, json};

async fn default_queue(story: &Story) -> String {
    let queues = story.get_as("admin", "/api/distribution/queues").await;
    assert_eq!(queues[0]["isDefault"], true);
    text(&queues[0]["id"])
}

#[tokio::test]
async fn an_admin_sets_up_a_queue_of_its_own_for_a_project() {
    let story = Story::begin().await;
    let settings = json!({ "name": "Villa", "strategy": "weighted", "lastRound": true, "managerPhones": ["0812-9999-0001"] });
    let (status, queue) = story
        .send_as("admin", Method::POST, "/api/distribution/queues", &settings)
        .await;
    assert_eq!(status, 200, "{queue}");
    assert_eq!(
        queue["settings"]["managerPhones"],
        json!(["+6281299990001"])
    );
    let path = format!("/api/distribution/queues/{}", text(&queue["id"]));
    let places = json!([{ "salesId": "sales-f", "label": "F", "weight": 2 }, { "salesId": "sales-e", "label": "E" }]);
    let (status, queue) = story
        .send_as("admin", Method::PUT, &format!("{path}/places"), &places)
        .await;
    assert_eq!(status, 200, "{queue}");
    assert_eq!(
        queue["places"][1],
        json!({ "salesId": "sales-e", "label": "E", "active": true, "weight": 1, "owedThousandths": 0 })
    );
    // Another admin read the queue before this change: theirs is refused.
    let stale = story
        .send_with(
            "admin",
            Method::PUT,
            &format!("{path}/places"),
            &json!([]),
            ("if-match", "\"0000000000000000\""),
        )
        .await;
    assert_eq!((stale.0, &stale.1["code"]), (409, &json!("stale")));
    let (status, _) = story
        .send_with(
            "admin",
            Method::PUT,
            &format!("{path}/places"),
            &places,
            ("if-match", &text(&queue["version"])),
        )
        .await;
    assert_eq!(status, 200);
    let rules = json!([{ "project": "Villa*" }]);
    let (status, queue) = story
        .send_as("admin", Method::PUT, &format!("{path}/rules"), &rules)
        .await;
    assert_eq!(status, 200, "{queue}");
    let ad = json!({ "metaLeadId": "1", "phone": "081234001234", "project": "Villa Indah" });
    assert_eq!(
        story.post("/webhooks/meta/leads", &ad).await["agent"]["id"],
        "sales-f"
    );
    story.workers_catch_up().await;
    story.agent("F").is_offered_the_lead();

    let (status, gone) = story
        .send_as("admin", Method::DELETE, &path, &json!({}))
        .await;
    assert_eq!((status, gone.as_array().map(Vec::len)), (200, Some(1)));
    story.agent("F").says("OK").await;
    story.agent("F").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let story = Story::begin().await;
    let queue = format!("/api/distribution/queues/{}", default_queue(&story).await);
    let place = |sales: &str, label: &str| json!({ "salesId": sales, "label": label });
    let refused = [
        (
            Method::DELETE,
            queue.clone(),
            json!({}),
            409,
            "default_queue",
        ),
        (
            Method::PUT,
            format!("{queue}/places"),
            json!([place("sales-a", "A"), place("sales-a", "B")]),
            422,
            "twice",
        ),
        (
            Method::PUT,
            format!("{queue}/places"),
            json!([place("sales-a", "A"), place("sales-b", "a")]),
            422,
            "twice",
        ),
        (
            Method::PUT,
            format!("{queue}/places"),
            json!([place("nobody", "A")]),
            404,
            "agent",
        ),
        (
            Method::PUT,
            format!("{queue}/rules"),
            json!([{ "priority": 1 }]),
            422,
            "name a part",
        ),
        (
            Method::PUT,
            "/api/sales/sales-a/availability".to_owned(),
            json!({ "hours": [{ "weekday": 8, "opens": "09:00", "closes": "17:00" }] }),
            422,
            "weekday",
        ),
        (
            Method::PUT,
            "/api/sales/sales-a/availability".to_owned(),
            json!({ "hours": [{ "weekday": 1, "opens": "17:00", "closes": "09:00" }] }),
            422,
            "closes before",
        ),
        (
            Method::PUT,
            "/api/sales/sales-a/availability".to_owned(),
            json!({ "leave": [{ "firstDay": "2026-02-02", "lastDay": "2026-02-01" }] }),
            422,
            "ends before",
        ),
        (
            Method::PUT,
            "/api/distribution/holidays".to_owned(),
            json!([{ "day": "2026-01-01", "name": "A" }, { "day": "2026-01-01", "name": "B" }]),
            422,
            "twice",
        ),
        (
            Method::PUT,
            "/api/sales/sales-a/address".to_owned(),
            json!({ "phone": "081110000002" }),
            409,
            "address_taken",
        ),
        (
            Method::POST,
            "/api/distribution/simulate".to_owned(),
            json!({ "policy": {}, "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" }),
            422,
            "after",
        ),
        (
            Method::POST,
            "/api/leads/01890000-0000-7000-8000-000000000000/assign".to_owned(),
            json!({ "salesId": "sales-a" }),
            404,
            "lead",
        ),
    ];
    for (method, path, body, status, words) in refused {
        let (found, problem) = story.send_as("admin", method, &path, &body).await;
        assert_eq!(found, status, "{path} {body}: {problem}");
        assert!(
            problem.to_string().contains(words),
            "{words:?} is not in {problem}"
        );
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_offer_keeps_its_address_when_an_admin_moves_the_agent_and_both_numbers_are_theirs() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    client.says("Halo").await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let (status, answer) = story
        .send_as(
            "admin",
            Method::PUT,
            "/api/sales/sales-a/address",
            &json!({ "phone": "0812-7777-0001" }),
        )
        .await;
    assert_eq!((status, &answer["phone"]), (200, &json!("+6281277770001")));
    // The old number still answers for the open offer; the new one gets what comes next.
    assert_eq!(story.agent("A").says("OK").await["outcome"], "accepted");
    story.agent("A").is_told("sekarang milik Anda");
    story.client("081234001235").says("Halo").await;
    story.client("081234001235").is_asked_to_wait();
    story.client("081277770001").is_told("Lead baru untuk A");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_admin_assigns_a_lead_while_it_is_offered_and_the_holder_is_told() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let assign = format!("/api/leads/{lead}/assign");
    let (status, given) = story
        .send_as(
            "admin",
            Method::POST,
            &assign,
            &json!({ "salesId": "sales-d" }),
        )
        .await;
    assert_eq!((status, &given["ownerSalesId"]), (200, &json!("sales-d")));
    let (again, _) = story
        .send_as(
            "admin",
            Method::POST,
            &assign,
            &json!({ "salesId": "sales-d" }),
        )
        .await;
    assert_eq!(again, 200, "it is theirs already");
    story.workers_catch_up().await;
    story.agent("D").is_told("ditugaskan kepada Anda");
    story.agent("A").is_told("dialihkan kepada Sales D");
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").is_told("Sales D");
    let (_, attempts) = story.standing(&lead).await;
    assert_eq!(attempts, ["withdrawn", "assigned"]);
    story
        .send_as(
            "admin",
            Method::POST,
            &assign,
            &json!({ "salesId": "sales-e" }),
        )
        .await;
    story.workers_catch_up().await;
    story.agent("E").is_told("ditugaskan kepada Anda");
    story.agent("D").is_told("dialihkan kepada Sales E");
    story.fast_forward(minutes(6)).await;
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn only_the_owner_and_admins_read_the_clients_number_and_words() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo, saya Rina").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    // What people write into the fields of a form.
    sqlx::query("update lead set area = 'BSD, WA 0812-3400-1234', project = 'Villa (081234001234)', source_ads = 'wa.me/6281234001234'")
        .execute(&story.harness.app.pool)
        .await
        .expect("a form's words");
    for path in [
        format!("/api/distribution/leads/{lead}"),
        format!("/api/distribution/leads/{lead}/explain"),
    ] {
        for (user, sees) in [("admin", true), ("sales-a", true), ("sales-b", false)] {
            let seen = story.get_as(user, &path).await.to_string();
            assert_eq!(seen.contains("+6281234001234"), sees, "{user}: {seen}");
            assert!(
                sees || !["Rina", "Bapak Test", "3400"]
                    .iter()
                    .any(|word| seen.contains(word)),
                "{user}: {seen}"
            );
        }
    }
    let steps = story
        .get_as(
            "sales-b",
            &format!("/api/distribution/leads/{lead}/explain"),
        )
        .await;
    let steps: Vec<&str> = steps["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| step["summary"].as_str().expect("a text"))
        .collect();
    assert_eq!(steps.len(), 4);
    assert_eq!(
        steps[3],
        "Sales A answered OK 300.000 s before the deadline."
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_recorded_policy_reproduces_history_and_another_one_says_what_it_would_have_made() {
    let story = Story::begin().await;
    let from = story.now();
    // A takes the first after a minute; B the second, after A's silence; the third goes hangus, C late.
    for (number, story_of) in ["A", "B", "hangus"].iter().enumerate() {
        let typed = format!("08123400000{number}");
        story.client(&typed).says("Halo").await;
        match *story_of {
            "A" => {
                story.fast_forward(minutes(1)).await;
                story.agent("A").says("OK").await;
            }
            "B" => {
                story.fast_forward(minutes(7)).await;
                story.agent("B").says("OK").await;
            }
            _ => {
                story.fast_forward(minutes(16)).await;
                assert_eq!(story.agent("C").says("OK").await["outcome"], "late");
                story.fast_forward(minutes(30)).await;
            }
        }
    }
    for message in story.harness.provider.unheard() {
        story.harness.provider.heard_by(&message.to);
    }
    let before = counts(&story).await;
    let simulate = async |policy: Value| {
        let body = json!({ "policy": policy, "from": from, "to": story.now() });
        let (status, answer) = story
            .send_as("admin", Method::POST, "/api/distribution/simulate", &body)
            .await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let same = simulate(json!({})).await;
    assert_eq!(same["simulated"], same["recorded"]);
    assert_eq!(same["recorded"]["cycles"], 3);
    assert_eq!(same["recorded"]["hangus"], 1);
    assert_eq!(same["recorded"]["claimSecondsP50"], 60.0);
    assert_eq!(same["recorded"]["claimSecondsP90"], 420.0);
    let as_recorded = simulate(json!({ "ackSeconds": 300 })).await;
    assert_eq!(
        as_recorded["simulated"], same["recorded"],
        "the window that was"
    );

    // With seven minutes C's OK, six minutes after the offer, would have been in time.
    let longer = simulate(json!({ "ackSeconds": 420 })).await;
    assert_eq!(longer["simulated"]["hangus"], 0);
    // With B first, B takes the second lead at once.
    let other = simulate(json!({ "order": ["sales-b"] })).await;
    assert_eq!(other["recorded"], same["recorded"]);
    assert_eq!(other["simulated"]["shares"][1]["salesId"], "sales-b");
    let rescued = simulate(json!({ "lastRound": true })).await;
    let offered_to_d = |figures: &Value| figures["shares"][3]["offered"].as_i64().expect("a count");
    assert_eq!(offered_to_d(&rescued["recorded"]), 1);
    assert_eq!(
        offered_to_d(&rescued["simulated"]),
        2,
        "in turn, and with everybody"
    );
    assert_eq!(counts(&story).await, before, "nothing was written");
    story.nobody_else_was_messaged().await;
}

async fn counts(story: &Story) -> (i64, i64, i64) {
    sqlx::query_as(
        "select (select count(*) from distribution_event), (select count(*) from distribution_attempt),
                (select count(*) from apalis.jobs)",
    )
    .fetch_one(&story.harness.app.pool)
    .await
    .expect("counts")
}
