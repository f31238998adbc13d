//! Lists of leads that an admin uploads.

use super::pipeline::post;
use super::story::{Story, text};
use poem::http::Method;
use serde_json::{Value, json};

const LIST: &str = "Nama,No. HP,Sumber,Proyek,Catatan,Nama Sales
Ibu Sari,0812-3400-1111,pameran,Villa,minta brosur,Sales B
Pak Joko,+62 812 3400 2222,,,,
Ibu Sari lagi,081234001111,,,,
,12,,,,
Pak Agus,081234003333,,,,Sales Z
Pak Klien,081234001234,,,,
Agen sendiri,+6281110000003,,,,
";

#[tokio::test]
async fn a_list_is_looked_at_first_and_then_entered_row_by_row() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let known = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();

    let path = "/api/lead-lists?fileName=pameran.csv&source=daftar";
    let (status, list) = story.upload_as("admin", path, LIST.into()).await;
    assert_eq!(status, 200, "{list}");
    assert_eq!(standing(&list), ("preview", [2, 0, 2, 3]), "{list}");
    let path = format!("/api/lead-lists/{}", text(&list["id"]));
    let rows = story.get_as("admin", &format!("{path}/rows")).await;
    assert_eq!(
        told(&rows),
        [
            "2 ready +6281234001111 sales-b pameran",
            "3 ready +6281234002222 - daftar",
            "4 duplicate +6281234001111 - daftar: row 2 has this number",
            "5 refused - - daftar: number: not a phone number: write it as 0812… or with its country, as +62812…",
            "6 refused +6281234003333 - daftar: no agent has this name, e-mail or id",
            "7 duplicate +6281234001234 - daftar: a lead has this number",
            "8 refused +6281110000003 - daftar: number: is the number of an agent",
        ]
    );
    assert_eq!(rows[5]["leadId"], json!(known));
    // Nothing has happened yet.
    let leads = story.get_as("admin", "/api/leads").await;
    assert_eq!(leads["items"].as_array().map(Vec::len), Some(1));

    let (status, started) = post(&story, "admin", &format!("{path}/start"), json!({})).await;
    assert_eq!((status, &started["state"]), (200, &json!("running")));
    story.workers_catch_up().await;
    let done = story.get_as("admin", &path).await;
    assert_eq!(standing(&done), ("done", [0, 2, 2, 3]), "{done}");
    // The owner reads one summary. The other lead is distributed; its first offer goes to A.
    let summary = story.agent("B").reads();
    assert_eq!(
        summary,
        "1 lead baru untuk Anda:\nIbu Sari (+6281234001111) · Villa\nSegera hubungi mereka."
    );
    story.agent("A").is_told("Sumber: daftar");
    let entered = story
        .get_as("admin", &format!("{path}/rows?state=entered"))
        .await;
    let lead = text(&entered[0]["leadId"]);
    let detail = story.get_as("sales-b", &format!("/api/leads/{lead}")).await;
    assert_eq!(detail["lead"]["status"], "claimed");
    assert_eq!(detail["history"][0]["note"], "minta brosur");

    let (status, problem) = post(&story, "admin", &format!("{path}/start"), json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("list_started")));
    let (status, _) = story
        .send_as("admin", Method::DELETE, &path, &json!({}))
        .await;
    assert_eq!(status, 409);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_long_list_for_one_agent_is_one_message_also_if_its_job_runs_twice() {
    let story = Story::begin().await;
    let rows: Vec<String> = (0..230)
        .map(|n| format!("0812340{n:05};Klien {n}"))
        .collect();
    let file = format!("nomor;nama\n{}\n", rows.join("\n"));
    let path = "/api/lead-lists?ownerId=sales-c";
    let (_, list) = story.upload_as("admin", path, file.into_bytes()).await;
    assert_eq!(standing(&list), ("preview", [230, 0, 0, 0]), "{list}");
    let id = text(&list["id"]);
    post(
        &story,
        "admin",
        &format!("/api/lead-lists/{id}/start"),
        json!({}),
    )
    .await;
    let id = id.parse().expect("an id");
    for nth in 0..2 {
        shared::distribution::enter_list(&story.harness.app, id, nth)
            .await
            .expect("some rows");
    }
    story.workers_catch_up().await;
    let summary = story.agent("C").reads();
    assert!(
        summary.starts_with("230 lead baru untuk Anda:\nKlien 0 (+6281234000000)\n"),
        "{summary}"
    );
    assert!(summary.contains("\n… dan 180 lagi\n"), "{summary}");
    let mine = story.get_as("sales-c", "/api/leads?limit=1").await;
    assert_eq!(mine["counts"][0]["count"], 230);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_file_that_is_no_list_is_refused_and_a_preview_can_be_discarded() {
    let story = Story::begin().await;
    for (file, says) in [
        ("nama,kota\nBudi,BSD\n", "it names: nama, kota"),
        ("PK\u{3}\u{4}no workbook", "is no workbook"),
        ("nomor\n", "has no rows"),
    ] {
        let (status, problem) = story
            .upload_as("admin", "/api/lead-lists", file.into())
            .await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!("file"))
        );
        assert!(
            text(&problem["errors"][0]["detail"]).contains(says),
            "{problem}"
        );
    }
    let (status, list) = story
        .upload_as("admin", "/api/lead-lists", "nomor\n081234001111\n".into())
        .await;
    assert_eq!(status, 200, "{list}");
    let path = format!("/api/lead-lists/{}", text(&list["id"]));
    let (status, left) = story
        .send_as("admin", Method::DELETE, &path, &json!({}))
        .await;
    assert_eq!((status, left), (200, json!([])));
    story.nobody_else_was_messaged().await;
}

/// A file that was exported can be uploaded. No lead of it is entered twice.
#[tokio::test]
async fn an_exported_workbook_can_be_uploaded_again() {
    let story = Story::begin().await;
    let given = json!({ "phone": "081234001235", "ownerId": "sales-d", "name": "Ibu Dewi" });
    post(&story, "admin", "/api/leads", given).await;
    story.workers_catch_up().await;
    story.agent("D").is_told("ditugaskan kepada Anda");
    for (path, phone) in [
        ("/api/leads/export.xlsx?labels=id", "+6281234001235"),
        (
            "/api/leads/export?labels=en&separator=semicolon",
            "+6281234001235",
        ),
        ("/api/leads/export", "+6281234001235"),
    ] {
        let file = story.bytes_as("admin", path).await;
        let (status, list) = story.upload_as("admin", "/api/lead-lists", file).await;
        assert_eq!(status, 200, "{path}: {list}");
        assert_eq!(standing(&list), ("preview", [0, 0, 1, 0]), "{path}: {list}");
        let rows = format!("/api/lead-lists/{}/rows", text(&list["id"]));
        let rows = story.get_as("admin", &rows).await;
        assert_eq!(rows[0]["phone"], phone, "{path}");
        assert_eq!(rows[0]["name"], "Ibu Dewi", "{path}");
    }
    story.nobody_else_was_messaged().await;
}

fn standing(list: &Value) -> (&str, [i64; 4]) {
    let counts = ["ready", "entered", "duplicate", "refused"];
    (
        list["state"].as_str().unwrap_or_default(),
        counts.map(|count| list[count].as_i64().unwrap_or(-1)),
    )
}

fn told(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let cell = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            let reason = row["reason"].as_str();
            let reason = reason.map(|reason| format!(": {reason}"));
            format!(
                "{} {} {} {} {}{}",
                row["row"],
                cell("state"),
                cell("phone"),
                cell("ownerId"),
                cell("source"),
                reason.unwrap_or_default()
            )
        })
        .collect()
}
