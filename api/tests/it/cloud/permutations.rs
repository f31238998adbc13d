//! The same events, in any order, twice, in one delivery or many, end in the same state.

use super::graph::{Graph, delivery};
use super::office::{Office, agent};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use shared::testing::trials;

/// The end state, without the ids and times of this run.
async fn end_of(office: &Office) -> String {
    office
        .sql(
            "select json_build_object(
                'leads', (select json_agg(json_build_array(phone, name, status, source_ads) order by phone) from lead),
                'cycles', (select json_agg(c.status order by l.phone) from distribution_cycle c join lead l on l.id = c.lead_id),
                'heard', (select json_agg(json_build_array(provider_message_id, kind, from_wa, body) order by provider_message_id)
                          from wa_message where direction = 'in'),
                'said', (select json_agg(json_build_array(kind, to_wa, delivery_status, status_sent_at is not null,
                                                          delivered_at, read_at, failed_at is not null) order by kind, to_wa,
                                                 (select l.phone from lead l where l.id = lead_id))
                         from wa_message where direction = 'out'),
                'keys', (select json_agg(json_build_array(address, user_id, lead_id is not null) order by address) from wa_identity),
                'corrections', (select json_agg(json_build_array(id, original_id, kind, body) order by id) from wa_correction))::text",
        )
        .await
}

/// The events of an hour: clients who write, change and take back, and what became of the replies.
async fn prepared() -> (Office, Vec<Value>) {
    let office = Office::open().await;
    let first = ["6281234000001", "6281234000002"];
    for client in first {
        office.says(client, "Halo").await;
    }
    let offers: Vec<_> = office.graph.taken();
    office.fast_forward(TimeDelta::seconds(10)).await;
    let mut events = Vec::new();
    for message in &offers {
        for status in ["sent", "delivered", "read"] {
            events.push(json!({ "statuses": [Graph::status(message, status, None)] }));
        }
    }
    for (n, client) in ["6281234000003", "6281234000004", "6281234000001"]
        .into_iter()
        .enumerate()
    {
        let text = json!({ "type": "text", "text": { "body": format!("Pesan {n}") }, "from_user_id": format!("ID.77{client}") });
        events.push(office.message(client, &text));
    }
    events.push(office.message("6281234000003", &json!({ "id": "wamid.REVOKE", "type": "revoke", "revoke": { "original_message_id": "wamid.SAID0002" } })));
    events.push(office.message("6281234000004", &json!({ "id": "wamid.EDIT", "type": "edit",
        "edit": { "original_message_id": "wamid.SAID0003", "message": { "type": "text", "text": { "body": "Pesan lain" } } } })));
    events.push(office.message(
        &agent('B'),
        &json!({ "type": "text", "text": { "body": "selamat siang" } }),
    ));
    (office, events)
}

/// An order of the events, each once or twice, cut into deliveries.
fn orders(events: usize) -> impl Strategy<Value = Vec<Vec<usize>>> {
    let twice = proptest::collection::vec(0..events, 0..events);
    (twice, Just((0..events).collect::<Vec<_>>()))
        .prop_map(|(twice, once)| [once, twice].concat())
        .prop_shuffle()
        .prop_flat_map(|order| {
            let length = order.len();
            (Just(order), proptest::collection::vec(1..5usize, length))
        })
        .prop_map(|(order, cuts)| {
            let mut deliveries = Vec::new();
            let mut rest = order.as_slice();
            for cut in cuts {
                if rest.is_empty() {
                    break;
                }
                let (delivery, after) = rest.split_at(cut.min(rest.len()));
                deliveries.push(delivery.to_vec());
                rest = after;
            }
            deliveries
        })
}

#[test]
fn any_order_any_doubling_and_any_cut_of_the_same_events_ends_in_the_same_state() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let events = runtime.block_on(async { prepared().await.1.len() });
    let straight: Vec<Vec<usize>> = (0..events).map(|event| vec![event]).collect();
    let run = |deliveries: Vec<Vec<usize>>| {
        runtime.block_on(async {
            let (office, events) = prepared().await;
            for indices in deliveries {
                let values: Vec<Value> = indices
                    .into_iter()
                    .map(|index| events[index].clone())
                    .collect();
                office.deliver(&delivery(&values)).await;
            }
            // What the pace held back has gone.
            office.fast_forward(TimeDelta::minutes(1)).await;
            office.the_rules_hold().await;
            end_of(&office).await
        })
    };
    let expected = run(straight);
    assert!(
        expected.contains("Pesan lain") && expected.contains("read"),
        "{expected}"
    );
    let cases = u32::try_from(trials(12, 300)).expect("a number");
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    });
    runner
        .run(&orders(events), |deliveries| {
            prop_assert_eq!(run(deliveries), expected.clone());
            Ok(())
        })
        .expect("the same end");
}
