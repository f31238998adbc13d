//! An erased client is nowhere, and does not come back.

use super::{NUMBER, dump, places_that_name_the_client};
use crate::cloud::graph::delivery;
use crate::cloud::lead_ads::{announce, announcement};
use crate::cloud::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

/// The figures without the counts by status, because an erasure closes the lead.
async fn figures_of(office: &Office) -> Value {
    let mut figures = office.admin_gets("/api/dashboard/stats").await;
    figures["byStatus"].take();
    figures
}

/// An agent edits a message so that it names the client, a message whose original is not stored is edited, leads of others whose note
/// names the client were merged, and somebody's message that names the client cannot be handled.
async fn others_name_the_client(pool: &PgPool) {
    sqlx::raw_sql(
        "insert into wa_correction (provider, id, original_id, kind, body, at) values
             ('cloud_api', 'of-b', (select provider_message_id from wa_message where kind = 'agent' limit 1), 'edit',
              'tolong hubungi 0812-3400-1234', now()),
             ('qr_local', '+6281234001234/2', '+6281234001234/1', 'edit', 'maksud saya besok', now());
         insert into lead (id, name, phone, status, created_at, updated_at)
             values ('01890000-0000-7000-8000-0000000000aa', 'Orang lain', '+6281299998888', 'new', now(), now());
         insert into lead_merge (id, keep_id, lost_id, lost, kept, became, moved, at)
             select gen_random_uuid(), id, gen_random_uuid(), note, note, note, '{}', now()
             from (select id, jsonb_build_object('layer2_note', 'teman Slamet, 0812 3400 1234') as note from lead
                   where phone = '+6281299998888') other;
         insert into inbound_event (id, sender, payload, received_at, acknowledged_at, failures)
             values (gen_random_uuid(), '+6281299998888', '{\"body\": \"saya teman 081234001234\"}', now(), now(), 5)",
    )
    .execute(pool)
    .await
    .expect("what others wrote");
}

#[tokio::test]
async fn an_erased_client_is_nowhere_in_the_database_nor_in_a_dump_and_the_figures_stay() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    let lead = office.client_of_a_long_story().await;
    let pool = &office.harness.app.pool;
    others_name_the_client(pool).await;
    let before = places_that_name_the_client(pool).await;
    for table in [
        "wa_correction.",
        "lead_merge.",
        "inbound_event.",
        "lead.",
        "wa_message.",
        "wa_identity.",
        "webhook_delivery.",
        "meta_lead.",
        "appointment.",
        "lead_list_row.",
    ] {
        let named = before
            .iter()
            .any(|place| place.contains(&format!("public.{table}")));
        assert!(named, "the story has no {table}: {before:#?}");
    }
    let figures = figures_of(&office).await;
    let offers =
        "select string_agg(sales_id || status, ',' order by assigned_at) from distribution_attempt";
    let asked = office.sql(offers).await;
    let (status, answer) = office.erase("admin", "081234001234").await;
    assert_eq!(status, 200, "{answer}");
    for (kind, least) in [
        ("leads", 1),
        ("messages", 6),
        ("mentions", 1),
        ("forms", 1),
        ("deliveries", 2),
        ("visits", 1),
        ("listRows", 1),
    ] {
        assert!(answer[kind].as_i64() >= Some(least), "{kind}: {answer}");
    }
    assert!(
        answer["kept"]
            .as_array()
            .is_some_and(|kept| kept.len() >= 4)
    );

    assert_eq!(
        places_that_name_the_client(pool).await,
        Vec::<String>::new()
    );
    let dump = dump(office.harness.database.url()).to_lowercase();
    for word in [
        "81234001234",
        "slamet",
        "7700000000000009",
        "taman belakang",
    ] {
        assert!(!dump.contains(word), "the dump has {word}");
    }
    assert_eq!(figures_of(&office).await, figures);
    assert_eq!(office.sql(offers).await, asked);
    let shown = office.admin_gets(&format!("/api/leads/{lead}")).await;
    let shown = &shown["lead"];
    assert_eq!(shown["status"], "closed");
    assert!(shown["erasedAt"].is_string(), "{shown}");
    // The owner is asked to delete the chat, by the number's end.
    office.work().await;
    let told = office.reads(&agent('A')).body.to_string();
    assert!(
        told.contains("234") && told.contains("hapus chat"),
        "{told}"
    );
    assert!(!told.contains("Slamet"), "{told}");
    assert_eq!(
        places_that_name_the_client(pool).await,
        Vec::<String>::new()
    );
    // The calendar's event is taken away by its job; the reminders are void.
    assert_eq!(
        office
            .sql("select status || ' ' || calendar_state from appointment")
            .await,
        "cancelled synced"
    );
    assert_eq!(
        office
            .sql("select count(*)::text from appointment_reminder where state = 'waiting'")
            .await,
        "0"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_erased_client_does_not_come_back_by_old_deliveries_and_is_new_when_they_write_again() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    let lead = office.client_of_a_long_story().await;
    let old = delivery(&[office.client_message(1, "Halo, saya mau rumah dengan taman belakang")]);
    assert_eq!(office.erase("admin", "081234001234").await.0, 200);
    office.work().await;
    office.reads(&agent('A'));
    let count = "select count(*)::text from lead where phone is not null";
    // Meta delivers an old message again, and the search finds the old form.
    office.deliver(&old).await;
    announce(
        &office,
        &announcement(&[("233000000000099", "172000000000001")]),
    )
    .await;
    office.fast_forward(TimeDelta::minutes(30)).await;
    assert_eq!(office.sql(count).await, "0");
    assert_eq!(office.graph.unread().len(), 0);
    let waiting = "select count(*)::text from inbound_event";
    assert_eq!(office.sql(waiting).await, "0", "nothing waits for ever");
    // Nobody can put the erased lead back.
    for (method, what, body) in [
        (Method::POST, "distribute", json!({})),
        (Method::POST, "assign", json!({ "salesId": "sales-b" })),
        (Method::PATCH, "status", json!({ "status": "claimed" })),
    ] {
        let path = format!("/api/leads/{lead}/{what}");
        let (status, answer) = office.send_as("admin", method, &path, &body).await;
        assert_eq!(
            (status, &answer["code"]),
            (409, &json!("lead_erased")),
            "{path}: {answer}"
        );
    }
    // Twice is as once.
    let (status, again) = office.erase("admin", "+6281234001234").await;
    assert_eq!(
        (status, &again["leads"], &again["forms"]),
        (200, &json!(0), &json!(0)),
        "{again}"
    );
    // The person writes again of their own will: a new lead.
    office.graph.hears(NUMBER);
    office
        .deliver(&delivery(&[office.client_message(9, "Halo lagi")]))
        .await;
    assert_eq!(office.sql(count).await, "1");
    assert_eq!(office.sql("select count(*)::text from lead").await, "2");
    office.fast_forward(TimeDelta::minutes(1)).await;
    office.reads(NUMBER);
    office.reads(&agent('A'));
    office.nobody_else_was_messaged().await;
}
