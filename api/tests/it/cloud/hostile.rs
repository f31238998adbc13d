//! Every authentic delivery is accepted, whatever it contains, and nothing is stored as something else.

use super::graph::{delivery, signed};
use super::office::Office;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Value, json};
use shared::testing::trials;

/// Replaces a random part of a JSON value.
fn mutate(value: &mut Value, random: &mut StdRng) {
    let strange = [
        json!(null),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("\u{0}"),
        json!("9999999999999999999"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({ "body": { "body": 7 } }),
        json!("x".repeat(20_000)),
        json!(true),
    ];
    match value {
        Value::Object(fields) if !fields.is_empty() && random.random_bool(0.85) => {
            let nth = random.random_range(0..fields.len());
            let key = fields.keys().nth(nth).cloned().unwrap_or_default();
            if random.random_bool(0.1) {
                fields.remove(&key);
            } else if let Some(field) = fields.get_mut(&key) {
                mutate(field, random);
            }
        }
        Value::Array(items) if !items.is_empty() && random.random_bool(0.85) => {
            let nth = random.random_range(0..items.len());
            mutate(&mut items[nth], random);
        }
        _ => *value = strange[random.random_range(0..strange.len())].clone(),
    }
}

fn damage(bytes: &mut Vec<u8>, random: &mut StdRng) {
    match random.random_range(0..3) {
        0 => bytes.truncate(random.random_range(0..bytes.len())),
        1 => {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        _ => random.fill_bytes(bytes),
    }
}

/// A failure prints the seed, which repeats the same run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_makes_a_server_error_and_none_becomes_what_it_is_not() {
    let office = Office::open().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tests/fixtures/meta");
    let samples: Vec<Value> = std::fs::read_dir(folder)
        .expect("the fixtures")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("in_"))
        .map(|entry| {
            serde_json::from_slice(&std::fs::read(entry.path()).expect("a file")).expect("JSON")
        })
        .collect();
    let seed = 20_261_124;
    let mut random = StdRng::seed_from_u64(seed);
    for n in 0..trials(1_000, 10_000) {
        let mut body = samples[random.random_range(0..samples.len())].clone();
        for _ in 0..random.random_range(1..4) {
            mutate(&mut body, &mut random);
        }
        let (mut bytes, mut signature) = signed(&body);
        if random.random_bool(0.2) {
            damage(&mut bytes, &mut random);
            signature = shared::meta::signature::sign(crate::http::APP_SECRET, &bytes);
        }
        let path = [
            "/webhooks/whatsapp",
            "/webhooks/whatsapp/messages",
            "/webhooks/meta/leads",
        ][n % 3];
        let unsigned = random.random_bool(0.1);
        let status = office
            .post(path, bytes, (!unsigned).then_some(&signature))
            .await;
        let expected: &[u16] = if unsigned { &[400, 401, 422] } else { &[200] };
        assert!(
            expected.contains(&status),
            "seed {seed}, body {n}: {status} {body}"
        );
    }
    office.work().await;
    let odd = "select count(*)::text from wa_message where direction = 'in'
               and (provider_message_id is null or from_wa !~ '^(\\+[1-9][0-9]{6,14}|bsuid:[A-Z]{2}\\.[A-Za-z0-9]+)$' or body ~ '\\x00')";
    assert_eq!(office.sql(odd).await, "0");
    assert_eq!(
        office
            .sql("select count(*)::text from webhook_delivery where handled_at is null")
            .await,
        "0"
    );
    assert_eq!(office.sql("select count(*)::text from lead where phone is null and not exists (select from wa_identity i where i.lead_id = lead.id)").await, "0");
    office.the_rules_hold().await;
    let still = delivery(&[office.message(
        "6281234009999",
        &json!({ "type": "text", "text": { "body": "Halo" } }),
    )]);
    office.deliver(&still).await;
    assert_eq!(
        office
            .sql("select status from lead where phone = '+6281234009999'")
            .await,
        "distributing"
    );
}
