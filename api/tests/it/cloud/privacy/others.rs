//! An erasure touches nobody else, and stops nobody's work.

use crate::cloud::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::json;

#[tokio::test]
async fn nobody_else_is_touched_by_an_erasure() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    // Somebody of the same name, whose number is one digit longer, filled in a form that nobody could read yet.
    let pool = &office.harness.app.pool;
    sqlx::raw_sql(
        "insert into meta_form (id, name) values ('99', 'Brosur');
         insert into meta_lead (id, form_id, heard_at, heard_by, state, reason, answers)
         values ('98', '99', now(), 'webhook', 'unusable', 'no number',
                 '[{\"name\": \"full_name\", \"values\": [\"Slamet Riyadi\"]}, {\"name\": \"phone\", \"values\": [\"0812340012345\"]}]')",
    )
    .execute(pool)
    .await
    .expect("a form");
    office.graph.hears("62812340012345");
    office.says("62812340012345", "Halo, saya yang lain").await;
    office.fast_forward(TimeDelta::minutes(1)).await;
    office.says(&agent('A'), "OK").await;
    let lead = office.client_of_a_long_story().await;
    assert!(!lead.is_empty());
    let others = "select (select count(*) from wa_message where from_wa = '+62812340012345' and body like 'Halo%') || ' '
                      || (select count(*) from webhook_delivery where encode(body, 'escape') like '%62812340012345%') || ' '
                      || (select state || ' ' || (answers is not null) from meta_lead where id = '98')";
    let before = office.sql(others).await;
    assert_eq!(office.erase("admin", "081234001234").await.0, 200);
    assert_eq!(office.sql(others).await, before);
    let (_, shown) = office
        .send_as(
            "admin",
            Method::POST,
            "/api/privacy/export",
            &json!({ "phone": "081234001234" }),
        )
        .await;
    assert!(!shown.to_string().contains("12345"), "{shown}");
    // Numbers of the office: a manager's, an agent's by a lead of theirs.
    office.manager_is("628129998887").await;
    assert_eq!(office.erase("admin", "08129998887").await.0, 422);
    sqlx::query("update lead set phone = '+6281110000001' where phone = '+62812340012345'")
        .execute(pool)
        .await
        .expect("the client became an agent");
    let offers =
        "select count(*)::text from wa_message where to_wa like '+62811%' and kind = 'offer'";
    let kept = office.sql(offers).await;
    let id = office
        .sql("select id::text from lead where phone = '+6281110000001'")
        .await;
    let body = json!({ "leadId": id, "reason": "diminta" });
    let (status, answer) = office
        .send_as("admin", Method::POST, "/api/privacy/erase", &body)
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(office.sql(offers).await, kept);
    office.work().await;
    while let Some(next) = office.graph.unread().first() {
        office.reads(&next.to);
    }
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_erased_lead_stops_no_handover() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    let pool = &office.harness.app.pool;
    sqlx::query("update lead set progress = 'won'")
        .execute(pool)
        .await
        .expect("sold");
    assert_eq!(office.erase("admin", "081234001234").await.0, 200);
    office.work().await;
    office.reads(&agent('A'));
    // Another lead of A is distributed again when A is disabled.
    office.graph.hears("6281299990001");
    office.says("6281299990001", "Halo").await;
    office.fast_forward(TimeDelta::minutes(1)).await;
    let holder = office
        .sql("select sales_id from distribution_attempt where status = 'open'")
        .await;
    let label = holder.chars().last().expect("a label").to_ascii_uppercase();
    office.says(&agent(label), "OK").await;
    sqlx::query("update lead set owner_sales_id = 'sales-a' where owner_sales_id is not null")
        .execute(pool)
        .await
        .expect("both are A's");
    let disabled = json!({ "disabled": true, "leads": "distribute" });
    let (status, answer) = office
        .send_as("admin", Method::PATCH, "/api/users/sales-a", &disabled)
        .await;
    assert_eq!(status, 200, "{answer}");
    office.fast_forward(TimeDelta::minutes(1)).await;
    let statuses = "select string_agg(status || coalesce(' ' || progress, ''), ', ' order by created_at) from lead";
    assert_eq!(
        office.sql(statuses).await,
        "claimed won, distributing pending"
    );
    office.the_rules_hold().await;
}

#[tokio::test]
async fn an_erased_lead_stops_no_bulk_assignment() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    office.graph.hears("6281299990001");
    office.says("6281299990001", "Halo").await;
    sqlx::raw_sql(
        "update distribution_attempt set status = 'withdrawn', closed_at = assigned_at where status = 'open';
         update distribution_cycle set status = 'hangus', closed_at = started_at, hangus_at = started_at;
         update lead set status = 'hangus', progress = 'no-action', owner_sales_id = null, locked_at = null",
    )
    .execute(&office.harness.app.pool)
    .await
    .expect("both are hangus");
    let all = json!({ "salesId": "sales-c", "filter": { "status": ["hangus"] }, "count": 2 });
    let (status, bulk) = office
        .send_as("admin", Method::POST, "/api/leads/assignments", &all)
        .await;
    assert_eq!((status, &bulk["count"]), (200, &json!(2)), "{bulk}");
    // Before it begins.
    assert_eq!(office.erase("admin", "081234001234").await.0, 200);
    office.fast_forward(TimeDelta::minutes(1)).await;
    let results = "select string_agg(result, ',' order by result) from bulk_assignment_lead";
    assert_eq!(office.sql(results).await, "assigned,gone");
    let owned = "select string_agg(status, ',') from lead where owner_sales_id = 'sales-c'";
    assert_eq!(office.sql(owned).await, "claimed");
    let dead = worker::drain::dead_letters(&office.harness.app).await;
    assert_eq!(dead.expect("a count"), 0);
}

#[tokio::test]
async fn what_others_wrote_of_a_persons_number_is_erased_and_an_agent_cannot_take_the_number() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    // Before the person wrote, and in a lead of somebody else.
    office.graph.hears("6281299990001");
    office
        .says("6281299990001", "Ini nomor istri saya: 0812-3400-1234")
        .await;
    office.fast_forward(TimeDelta::minutes(1)).await;
    office.says(&agent('A'), "OK").await;
    let lead = office.client_of_a_long_story().await;
    assert!(!lead.is_empty());
    let pool = &office.harness.app.pool;
    sqlx::raw_sql(
        "select set_config('property_lounge.own_phone', 'on', true);
         update lead_enquiry set area = 'dekat rumah Slamet' where lead_id = (select id from lead where phone = '+6281234001234');
         update lead set area = 'dekat rumah Slamet' where phone = '+6281234001234';
         update \"user\" set phone = '+6281234001234' where id = 'sales-b'",
    )
    .execute(pool)
    .await
    .expect("what a form and an agent wrote");
    let (status, answer) = office.erase("admin", "081234001234").await;
    assert_eq!(status, 200, "{answer}");
    let left = "select (select count(*) from wa_message where concat_ws(' ', body, line, array_to_string(parameters, ' ')) ~ '3400.?1234') || ' '
                    || (select count(*) from wa_message where from_wa = '+6281299990001' and body like 'Ini nomor istri saya%') || ' '
                    || (select count(*) from lead where area is not null) || ' '
                    || (select count(*) from lead_enquiry where area is not null)";
    assert_eq!(office.sql(left).await, "0 1 0 0");
    office.the_rules_hold().await;
}
