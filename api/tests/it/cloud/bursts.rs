//! Many leads at once: Meta's limits are kept, and no agent is drowned.

use super::graph::delivery;
use super::office::{Office, agent};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_hundred_leads_in_one_second_to_one_agent_meet_no_limit_and_come_in_lists() {
    let mut office = Office::open().await;
    // Ten lists, six seconds apart, take longer than an offer usually waits.
    office.harness.app.distribution.send_patience = Duration::from_secs(120);
    // Sales A is the only agent, so that every lead is theirs.
    sqlx::query("update sales_queue set active = label = 'A'")
        .execute(&office.harness.app.pool)
        .await
        .expect("one agent");
    office.says(&agent('A'), "absen").await;
    let messages: Vec<Value> = (0..100)
        .map(|n| {
            office.message(
                &format!("62812340{n:05}"),
                &json!({ "type": "text", "text": { "body": "Halo" } }),
            )
        })
        .collect();
    for message in &messages {
        office
            .graph
            .hears(message["messages"][0]["from"].as_str().expect("a client"));
    }
    for batch in messages.chunks(25) {
        office.deliver(&delivery(batch)).await;
        office
            .harness
            .app
            .clock
            .set(office.harness.now() + TimeDelta::milliseconds(250));
    }
    office.fast_forward(TimeDelta::minutes(3)).await;
    assert_eq!(office.graph.refused(), [0_i64; 0], "no limit was met");
    let taken = office.graph.taken();
    let to_agent: Vec<_> = taken
        .iter()
        .filter(|message| message.to == agent('A'))
        .collect();
    let rows: usize = to_agent
        .iter()
        .map(
            |message| match message.body["interactive"]["type"].as_str() {
                Some("list") => message.body["interactive"]["action"]["sections"][0]["rows"]
                    .as_array()
                    .map_or(0, Vec::len),
                _ => 1,
            },
        )
        .sum();
    assert_eq!(rows, 100, "every offer reached the agent, once");
    assert!(to_agent.len() <= 15, "{} messages", to_agent.len());
    assert_eq!(
        taken.len() - to_agent.len(),
        100,
        "every client was answered, once"
    );
    let open = "select count(*)::text from distribution_attempt where status = 'open' and offer_accepted_at is not null";
    assert_eq!(office.sql(open).await, "100");

    // A row of a list takes its lead and no other.
    let list = to_agent
        .iter()
        .find(|message| message.body["interactive"]["type"] == "list")
        .expect("a list");
    let row = &list.body["interactive"]["action"]["sections"][0]["rows"][3]["id"];
    let chosen = json!({ "type": "interactive", "interactive": { "type": "list_reply", "list_reply": { "id": row, "title": "A1" } } });
    office
        .deliver(&delivery(&[office.message(&agent('A'), &chosen)]))
        .await;
    assert_eq!(
        office
            .sql("select count(*)::text from lead where status = 'claimed'")
            .await,
        "1"
    );
    let attempt = row
        .as_str()
        .and_then(|id| id.strip_prefix("claim:"))
        .expect("an attempt")
        .to_owned();
    let status: String =
        sqlx::query_scalar("select status from distribution_attempt where id::text = $1")
            .bind(attempt)
            .fetch_one(&office.harness.app.pool)
            .await
            .expect("the attempt");
    assert_eq!(status, "accepted");
    office.the_rules_hold().await;
}
