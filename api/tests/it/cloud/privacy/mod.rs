//! The rights of a client to their data: everything is shown, and everything is erased.

mod erased;
mod meanwhile;
mod others;
mod shown;

use super::graph::delivery;
use super::lead_ads::{announce, announcement};
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
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
    pub(super) fn client_message(&self, nth: u32, words: &str) -> Value {
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
        // An agent is known by an id, too: who has none of the office's addresses is a client all the same.
        sqlx::query(
            "insert into wa_identity (address, user_id, first_seen_at) values ('ID.8765432109', 'sales-b', now())",
        )
        .execute(&self.harness.app.pool)
        .await
        .expect("an id of an agent");
        self.graph.has_lead(
            "233000000000099",
            "172000000000001",
            &json!({ "field_data": [
                { "name": "full_name", "values": ["Slamet Riyadi"] },
                { "name": "phone_number", "values": ["0812-3400-1234"] },
                { "name": "email", "values": ["slamet@example.com"] } ],
                "custom_disclaimer_responses": [{ "checkbox_key": "setuju", "is_checked": "1" }] }),
        );
        self.graph.has_lead_text(
            "172000000000001",
            r#"{"id":"172000000000001","name":"Rumah taman","locale":"id_ID","privacy_policy_url":"https://example.com/privasi","legal_content":{"custom_disclaimer":{"title":"Untuk apa data Anda","body":{"text":"Kami menghubungi Anda tentang rumah ini."},"checkboxes":[{"key":"setuju","text":"Saya setuju dihubungi"}]}}}"#,
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
