//! The rights of a client to their data: everything is shown, and everything is erased.

use super::graph::delivery;
use super::lead_ads::{announce, announcement};
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use shared::privacy;
use sqlx::PgPool;
use std::process::Command;
use xtask::postgres::binaries;

const NUMBER: &str = "6281234001234";
const BSUID: &str = "ID.7700000000000009";

/// What names the client, as they and others write it. Meta's ids of messages contain the number in base64.
const TRACES: [&str; 7] = [
    "8[^0-9]{0,3}1[^0-9]{0,3}2[^0-9]{0,3}3[^0-9]{0,3}4[^0-9]{0,3}0[^0-9]{0,3}0[^0-9]{0,3}1[^0-9]{0,3}2[^0-9]{0,3}3[^0-9]{0,3}4",
    "Slamet",
    "7700000000000009",
    "OFSLAMET",
    "taman belakang",
    "slamet@example",
    "Gg. Melati",
];

/// Every column of the database with a row that names the client: `schema.table.column rows`.
async fn places_that_name_the_client(pool: &PgPool) -> Vec<String> {
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select c.table_schema, c.table_name, c.column_name || case c.udt_name when 'bytea' then ' bytea' else '' end
         from information_schema.columns c
         join information_schema.tables t using (table_schema, table_name)
         where c.table_schema in ('public', 'apalis') and t.table_type = 'BASE TABLE'
         order by 1, 2, 3",
    )
    .fetch_all(pool)
    .await
    .expect("columns");
    assert!(columns.len() > 300, "{}", columns.len());
    let mut places = Vec::new();
    for (schema, table, column) in columns {
        let text = match column.strip_suffix(" bytea") {
            Some(bytes) => format!("encode(\"{bytes}\", 'escape')"),
            None => format!("\"{column}\"::text"),
        };
        let query =
            format!("select count(*) from \"{schema}\".\"{table}\" where {text} ~* any($1)");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(&TRACES[..])
            .fetch_one(pool)
            .await
            .expect("a count");
        if rows > 0 {
            places.push(format!("{schema}.{table}.{column} {rows}"));
        }
    }
    places
}

fn dump(url: &str) -> String {
    let found = binaries(None, false).expect("PostgreSQL's programs");
    let output = Command::new(found.folder.join("pg_dump"))
        .args(["--data-only", "-d", url])
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "a dump");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Office {
    /// A message of the client, by number and id, under an id that contains the number.
    fn client_message(&self, nth: u32, words: &str) -> Value {
        let text = json!({
            "type": "text", "text": { "body": words },
            "id": format!("wamid.OFSLAMET{nth}"), "from_user_id": BSUID,
        });
        let mut value = self.message(NUMBER, &text);
        value["contacts"] =
            json!([{ "profile": { "name": "Slamet" }, "wa_id": NUMBER, "user_id": BSUID }]);
        value
    }

    /// The client fills in a form and writes, A claims and books a visit, and everybody talks about the client.
    async fn client_of_a_long_story(&self) -> String {
        self.graph.has_lead(
            "233000000000099",
            "172000000000001",
            &json!({ "field_data": [
                { "name": "full_name", "values": ["Slamet Riyadi"] },
                { "name": "phone_number", "values": ["0812-3400-1234"] },
                { "name": "email", "values": ["slamet@example.com"] } ],
                "custom_disclaimer_responses": [{ "checkbox_key": "setuju", "is_checked": "1" }] }),
        );
        announce(
            self,
            &announcement(&[("233000000000099", "172000000000001")]),
        )
        .await;
        self.graph.hears(NUMBER);
        self.deliver(&delivery(&[
            self.client_message(1, "Halo, saya mau rumah dengan taman belakang")
        ]))
        .await;
        self.says(&agent('A'), "OK").await;
        self.fast_forward(TimeDelta::minutes(2)).await;
        let lead = self.sql("select id::text from lead").await;
        let starts = (self.harness.now() + TimeDelta::days(2)).to_rfc3339();
        let visit =
            json!({ "startsAt": starts, "place": "Gg. Melati 3", "note": "Pak Slamet bawa istri" });
        let path = format!("/api/leads/{lead}/appointments");
        let (status, answer) = self.send_as("sales-a", Method::POST, &path, &visit).await;
        assert_eq!(status, 200, "{answer}");
        let path = format!("/api/leads/{lead}/layer2");
        let note = json!({ "status": "tertarik", "note": "Slamet suka taman belakang" });
        let (status, answer) = self.send_as("sales-a", Method::PATCH, &path, &note).await;
        assert_eq!(status, 200, "{answer}");
        self.deliver(&delivery(&[
            self.client_message(2, "Nomor istri saya nanti menyusul")
        ]))
        .await;
        // An agent asks about several leads at once, and names the client in a message about none.
        self.says(&agent('B'), "Pak Slamet 0812 3400 1234 punya siapa?")
            .await;
        self.fast_forward(TimeDelta::minutes(2)).await;
        sqlx::query(
            "with list as (insert into lead_list (id, state, created_at) values (gen_random_uuid(), 'preview', now()) returning id)
             insert into lead_list_row (list_id, n, given_phone, phone, name, note, state)
             select id, 2, '0812 3400 1234', '+6281234001234', 'Slamet', 'dari pameran', 'ready' from list",
        )
        .execute(&self.harness.app.pool)
        .await
        .expect("a list");
        while !self.graph.unread().is_empty() {
            let next = self.graph.unread().remove(0).to;
            self.reads(&next);
        }
        lead
    }

    async fn erase(&self, by: &str, phone: &str) -> (u16, Value) {
        let body = json!({ "phone": phone, "reason": "Slamet minta lewat 0812-3400-1234" });
        self.send_as(by, Method::POST, "/api/privacy/erase", &body)
            .await
    }
}

/// The figures but for the status: the lead of an erased client is closed.
async fn figures_of(office: &Office) -> Value {
    let mut figures = office.admin_gets("/api/dashboard/stats").await;
    figures["byStatus"].take();
    figures
}

#[tokio::test]
async fn an_erased_client_is_nowhere_in_the_database_nor_in_a_dump_and_the_figures_stay() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    let lead = office.client_of_a_long_story().await;
    let pool = &office.harness.app.pool;
    let before = places_that_name_the_client(pool).await;
    for table in [
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
    for (path, body) in [
        (format!("/api/leads/{lead}/distribute"), json!({})),
        (
            format!("/api/leads/{lead}/assign"),
            json!({ "salesId": "sales-b" }),
        ),
        (
            format!("/api/leads/{lead}/status"),
            json!({ "status": "claimed" }),
        ),
    ] {
        let method = if path.ends_with("status") {
            Method::PATCH
        } else {
            Method::POST
        };
        let (status, answer) = office.send_as("admin", method, &path, &body).await;
        assert!(
            matches!(status, 404 | 405 | 409),
            "{path}: {status} {answer}"
        );
        assert_ne!(answer["code"], "reason_needed");
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

#[tokio::test]
async fn everything_of_a_client_is_shown_to_an_admin_and_readable_for_the_client() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    let whose = json!({ "phone": "0812-3400-1234" });
    let (status, data) = office
        .send_as("admin", Method::POST, "/api/privacy/export", &whose)
        .await;
    assert_eq!(status, 200, "{data}");
    let addresses = data["addresses"].to_string();
    assert!(
        addresses.contains("+6281234001234") && addresses.contains(BSUID),
        "{addresses}"
    );
    assert!(data["names"].to_string().contains("Slamet Riyadi"));
    for table in [
        "leads",
        "enquiries",
        "messages",
        "forms",
        "visits",
        "offers",
        "identities",
        "deliveries",
        "lists",
    ] {
        let rows = data["data"][table].as_array().map_or(0, Vec::len);
        assert!(rows > 0, "{table}: {}", data["data"]);
    }
    assert_eq!(
        data["data"]["forms"][0]["consent"][0]["checkbox_key"],
        "setuju"
    );
    let (status, page) = office
        .send_as("admin", Method::POST, "/api/privacy/page", &whose)
        .await;
    let page = page.as_str().unwrap_or_default();
    assert_eq!(status, 200);
    for words in [
        "taman belakang",
        "Gg. Melati",
        "Siapa yang menerima data Anda",
        "slamet@example.com",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Of a stranger nothing is stored, and that is an answer, too. Numbers of the office are refused.
    let stranger = json!({ "phone": "081299998888" });
    let (status, nothing) = office
        .send_as("admin", Method::POST, "/api/privacy/export", &stranger)
        .await;
    assert_eq!((status, &nothing["data"]["messages"]), (200, &json!([])));
    let (status, _) = office.erase("admin", &format!("+{}", agent('A'))).await;
    assert_eq!(status, 422);
    let (status, _) = office.erase("sales-a", "081234001234").await;
    assert_eq!(status, 403);
    let log = office.admin_gets("/api/privacy/requests").await;
    assert_eq!(log.as_array().map(Vec::len), Some(3), "{log}");
    assert_eq!(log[0]["kind"], "export");
    assert!(!log.to_string().contains("81234001234"), "{log}");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_lead_that_ended_long_ago_loses_its_client_by_its_age_and_others_do_not() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    let lead = office.client_of_a_long_story().await;
    let mut connection = office
        .harness
        .app
        .pool
        .acquire()
        .await
        .expect("a connection");
    // The harness's clock stands in January 2026; the worker counts by the database's.
    let erased = privacy::erase_ended(&mut connection, 30.0)
        .await
        .expect("a batch");
    assert_eq!(erased, 0, "the lead is being worked on");
    sqlx::query("update lead set progress = 'won'")
        .execute(&mut *connection)
        .await
        .expect("sold");
    sqlx::query("update appointment set starts_at = starts_at - interval '1 year', ends_at = ends_at - interval '1 year'")
        .execute(&mut *connection)
        .await
        .expect("long ago");
    sqlx::query("update lead set updated_at = now() - interval '40 days'")
        .execute(&mut *connection)
        .await
        .expect("long ago");
    let none = privacy::erase_ended(&mut connection, 0.0)
        .await
        .expect("a batch");
    assert_eq!(none, 0, "0 keeps everything");
    let listed = privacy::erase_ended(&mut connection, 5.0).await;
    assert_eq!(listed.expect("a batch"), 0, "a list that waits names them");
    sqlx::query("update lead_list_row set state = 'duplicate'")
        .execute(&mut *connection)
        .await
        .expect("the list is done");
    // Deliveries end by themselves after a week.
    sqlx::query("delete from webhook_delivery")
        .execute(&mut *connection)
        .await
        .expect("a week");
    let latest = "update wa_message set created_at = now() - interval '10 days' where id = (select max(id::text)::uuid from wa_message where lead_id is not null)";
    sqlx::query(latest)
        .execute(&mut *connection)
        .await
        .expect("a message");
    let none = privacy::erase_ended(&mut connection, 30.0)
        .await
        .expect("a batch");
    assert_eq!(none, 0, "somebody wrote ten days ago");
    let erased = privacy::erase_ended(&mut connection, 5.0)
        .await
        .expect("a batch");
    assert_eq!(erased, 1);
    let state = office
        .sql("select status || ' ' || progress || ' ' || owner_sales_id from lead")
        .await;
    assert_eq!(state, "claimed won sales-a", "a sold lead stays sold");
    drop(connection);
    assert_eq!(
        places_that_name_the_client(&office.harness.app.pool).await,
        Vec::<String>::new()
    );
    let log = office.admin_gets("/api/privacy/requests").await;
    assert_eq!(
        (&log[0]["kind"], &log[0]["leadIds"][0]),
        (&json!("age"), &json!(lead))
    );
}

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
async fn an_erased_lead_stops_no_handover_and_no_bulk_assignment() {
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
