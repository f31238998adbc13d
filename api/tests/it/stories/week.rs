//! A week of an agency, from the campaign on Monday to the figures on Saturday. Every message is read: after each step,
//! each person has what they should have, and nobody has more.

use super::pipeline::{patch, post};
use super::story::{Story, code_in, text};
use chrono::{DateTime, FixedOffset, NaiveTime};
use poem::http::Method;
use serde_json::{Value, json};
use shared::distribution;
use shared::phone::Phone;
use shared::sales;

const MANAGER: &str = "081199990001";
const BUDI: &str = "081234000001";
const SARI: &str = "081234000202";
const JOKO: &str = "081234003003";
const DEWI: &str = "081234040004";
const SPAM: &str = "081234550005";

/// The messages of one step: who reads which words. Nobody else may have any.
async fn only(story: &Story, expected: &[(&str, &str)]) {
    story.workers_catch_up().await;
    for (who, words) in expected {
        person(story, who).is_told(words);
    }
    let unheard = story.harness.provider.unheard();
    assert!(
        unheard.is_empty(),
        "after {expected:?}, nobody expected {unheard:#?}"
    );
}

fn person<'story>(story: &'story Story, who: &str) -> super::story::Person<'story> {
    if who.len() == 1 {
        story.agent(who)
    } else {
        story.client(who)
    }
}

async fn until(story: &Story, time: &str) {
    let time: DateTime<FixedOffset> = format!("{time}:00+07:00").parse().expect("a time");
    story.fast_forward(time.to_utc() - story.now()).await;
}

async fn ok(story: &Story, user: &str, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = story.send_as(user, method, path, &body).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// The summary of the day goes out at six.
async fn six_o_clock(story: &Story, day: &str, figures: &str) {
    distribution::plan_summary(&story.harness.app)
        .await
        .expect("a plan");
    until(story, &format!("2026-01-{day}T18:00")).await;
    story.workers_catch_up().await;
    let summary = story.client(MANAGER).reads();
    assert!(summary.contains(figures), "{day}: {summary}");
    if day == "05" {
        story
            .client(MANAGER)
            .is_told("Ringkasan minggu Senin, 29 Desember sampai Minggu, 4 Januari");
    }
    only(story, &[]).await;
}

async fn begin() -> Story {
    let mut harness = shared::testing::Harness::telling_clients().await;
    harness.app.summary_at = NaiveTime::from_hms_opt(18, 0, 0);
    let queue = sales::queues(&harness.app).await.expect("queues").remove(0);
    let mut settings = queue.settings;
    settings.manager_phones = vec![Phone::from_human("manager", MANAGER).expect("a number")];
    sales::change_queue(&harness.app, queue.id, &settings)
        .await
        .expect("a manager");
    Story::of(harness)
}

#[tokio::test]
async fn a_week_of_an_agency_and_every_message_of_it() {
    let story = begin().await;
    let (budi, sari, joko) = monday(&story).await;
    tuesday(&story, &budi).await;
    wednesday(&story, &budi).await;
    thursday(&story, &sari).await;
    friday(&story, &sari).await;
    saturday(&story, &[&budi, &sari, &joko]).await;
    story.nobody_else_was_messaged().await;
}

/// The campaign: one is claimed at once, one by the third agent, one by nobody. A list comes from an exhibition.
async fn monday(story: &Story) -> (String, String, String) {
    let budi = text(&story.ad("budi", BUDI).await["lead"]["id"]);
    only(story, &[("A", "Sumber: Meta Ads CTA - Dummy")]).await;
    story.agent("A").says("ok pak").await;
    only(story, &[("A", "sekarang milik Anda"), (BUDI, "Sales A")]).await;

    let sari = text(&story.client(SARI).says("Halo, masih ada unit?").await["lead"]["id"]);
    only(
        story,
        &[
            (SARI, "Harap menunggu"),
            ("A", "Pesan: Halo, masih ada unit?"),
        ],
    )
    .await;
    until(story, "2026-01-05T09:06").await;
    only(story, &[("B", "Balas OK")]).await;
    story.agent("B").says("lewati").await;
    only(story, &[("B", "dilewatkan"), ("C", "Balas OK")]).await;
    story.agent("C").says("siap").await;
    only(story, &[("C", "sekarang milik Anda"), (SARI, "Sales C")]).await;

    let joko = text(&story.ad("joko", JOKO).await["lead"]["id"]);
    only(story, &[("A", "Balas OK")]).await;
    until(story, "2026-01-05T09:40").await;
    for label in ["B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    let alert = story.client(MANAGER).reads();
    only(story, &[(JOKO, "Mohon maaf")]).await;
    story
        .client(MANAGER)
        .says(&format!("TUGASKAN {} D", code_in(&alert)))
        .await;
    only(
        story,
        &[
            (MANAGER, "sudah ditugaskan kepada Sales D"),
            ("D", "ditugaskan kepada Anda"),
            (JOKO, "Sales D"),
        ],
    )
    .await;
    // Late is late.
    story.agent("F").says("OK").await;
    only(story, &[("F", "terlambat")]).await;

    let file = format!("Nama,Nomor,Sales\nIbu Dewi,{DEWI},Sales E\nPak Budi,{BUDI},Sales E\n");
    let (status, list) = story
        .upload_as("admin", "/api/lead-lists?source=pameran", file.into_bytes())
        .await;
    assert_eq!(
        (status, &list["ready"], &list["duplicate"]),
        (200, &json!(1), &json!(1))
    );
    only(story, &[]).await;
    ok(
        story,
        "admin",
        Method::POST,
        &format!("/api/lead-lists/{}/start", text(&list["id"])),
        json!({}),
    )
    .await;
    only(
        story,
        &[("E", "1 lead baru untuk Anda:\nIbu Dewi (+6281234040004)")],
    )
    .await;
    six_o_clock(
        story,
        "05",
        "Lead: 4\nDiambil: 2 (1 dalam 5 menit)\nHangus: 1\n",
    )
    .await;
    (budi, sari, joko)
}

/// A client writes again, a price list goes out, a visit is booked, and somebody says stop.
async fn tuesday(story: &Story, budi: &str) {
    until(story, "2026-01-06T08:30").await;
    story.client(BUDI).says("Bisa survei besok?").await;
    only(
        story,
        &[("A", "Client Anda Bapak Test (+6281234000001) menulis lagi")],
    )
    .await;
    let snippet = json!({ "word": "harga", "body": "Halo {name}, mulai 900 juta." });
    ok(story, "admin", Method::PUT, "/api/snippets", snippet).await;
    story.agent("A").says("/harga").await;
    only(
        story,
        &[
            (BUDI, "Halo Bapak Test, mulai 900 juta."),
            ("A", "sudah dikirim"),
        ],
    )
    .await;
    let visit = json!({ "startsAt": "2026-01-07T10:00:00+07:00", "place": "BSD City" });
    ok(
        story,
        "sales-a",
        Method::POST,
        &format!("/api/leads/{budi}/appointments"),
        visit,
    )
    .await;
    only(story, &[(BUDI, "Rabu, 7 Januari pukul 10:00 WIB")]).await;
    until(story, "2026-01-06T10:00").await;
    only(story, &[(BUDI, "Pengingat")]).await;

    story.client(SPAM).says("Halo").await;
    only(story, &[(SPAM, "Harap menunggu"), ("A", "Balas OK")]).await;
    story.client(SPAM).says("stop ya").await;
    only(story, &[("A", "dihentikan")]).await;
    story.client(SPAM).says("Terima kasih sudah berhenti").await;
    only(story, &[("A", "Balas OK")]).await;
    let leads = story.get_as("admin", "/api/leads?q=550005").await;
    let path = format!("/api/leads/{}/stop", text(&leads["items"][0]["id"]));
    ok(
        story,
        "admin",
        Method::POST,
        &path,
        json!({ "mark": "junk" }),
    )
    .await;
    only(story, &[("A", "dihentikan")]).await;
    six_o_clock(story, "06", "Ringkasan Selasa, 6 Januari\n").await;
}

/// The visit: reminders before, a question after.
async fn wednesday(story: &Story, budi: &str) {
    until(story, "2026-01-07T08:00").await;
    only(story, &[(BUDI, "Pengingat")]).await;
    until(story, "2026-01-07T09:00").await;
    only(story, &[("A", "Pengingat")]).await;
    until(story, "2026-01-07T11:15").await;
    only(story, &[("A", "Bagaimana kunjungan Bapak Test")]).await;
    story.agent("A").says("sudah").await;
    only(story, &[("A", "Dicatat: Bapak Test sudah datang.")]).await;
    patch(
        story,
        "sales-a",
        &format!("/api/leads/{budi}/progress"),
        json!({ "progress": "negotiation" }),
    )
    .await;
    patch(
        story,
        "sales-a",
        &format!("/api/leads/{budi}/progress"),
        json!({ "progress": "won" }),
    )
    .await;
    // A walk-in is the agent's own, without a word to anybody.
    let walk_in = json!({ "phone": "081234066006", "name": "Pak Agus", "source": "walk-in" });
    ok(story, "sales-b", Method::POST, "/api/leads", walk_in).await;
    only(story, &[]).await;
    six_o_clock(story, "07", "Ringkasan Rabu, 7 Januari\n").await;
}

/// C gives away the desk; B goes on leave, and D covers.
async fn thursday(story: &Story, sari: &str) {
    until(story, "2026-01-08T09:00").await;
    ok(
        story,
        "admin",
        Method::POST,
        "/api/sales/sales-c/handovers",
        json!({ "colleague": "sales-d" }),
    )
    .await;
    only(
        story,
        &[
            ("D", "Bapak Test (+6281234000202)"),
            ("C", "Bapak Test (+6281234000202)"),
            (SARI, "Sales D"),
        ],
    )
    .await;
    let detail = story.get_as("admin", &format!("/api/leads/{sari}")).await;
    assert_eq!(detail["lead"]["ownerName"], "Sales D");
    ok(
        story,
        "sales-b",
        Method::PUT,
        "/api/sales/sales-b/cover",
        json!({ "salesId": "sales-d" }),
    )
    .await;
    story.agent("B").says("cuti sampai Jumat").await;
    only(story, &[("B", "Jumat, 9 Januari")]).await;
    story
        .client("081234066006")
        .says("Pak, saya jadi datang")
        .await;
    only(
        story,
        &[("B", "menulis lagi"), ("D", "Anda menggantikan Sales B")],
    )
    .await;
    six_o_clock(story, "08", "Ringkasan Kamis, 8 Januari\n").await;
}

/// A rejection in one step, taken back and made again. Two leads are one person.
async fn friday(story: &Story, sari: &str) {
    until(story, "2026-01-09T09:00").await;
    let path = format!("/api/leads/{sari}");
    for step in ["reject", "undo", "reject"] {
        let (status, lead) = post(
            story,
            "sales-d",
            &format!("{path}/{step}"),
            if step == "reject" {
                json!({ "reason": "harga" })
            } else {
                json!({})
            },
        )
        .await;
        assert_eq!(status, 200, "{lead}");
    }
    only(story, &[]).await;
    // She comes back with another number: D is asked first, and reads what was before.
    story.client(SARI).says("Ada yang lebih murah?").await;
    only(
        story,
        &[
            (SARI, "Harap menunggu"),
            ("D", "Pernah: Ditolak (Harga tidak cocok), Sales D"),
        ],
    )
    .await;
    story.agent("D").says("oke").await;
    only(story, &[("D", "sekarang milik Anda"), (SARI, "Sales D")]).await;
    six_o_clock(story, "09", "Ringkasan Jumat, 9 Januari\n").await;
}

/// The figures add up to what happened, and the managers had one word a day.
async fn saturday(story: &Story, leads: &[&str]) {
    until(story, "2026-01-10T09:00").await;
    only(story, &[]).await;
    assert_eq!(leads.len(), 3);
    let funnel = story
        .get_as(
            "admin",
            "/api/dashboard/funnel?from=2026-01-05&to=2026-01-10&by=source",
        )
        .await;
    let total: Vec<i64> = [
        "leads", "offered", "claimed", "assigned", "won", "lost", "hangus",
    ]
    .iter()
    .map(|figure| funnel["total"][figure].as_i64().unwrap_or(-1))
    .collect();
    assert_eq!(total, [5, 3, 2, 3, 1, 0, 1], "{funnel}");
    let agents = story
        .get_as(
            "admin",
            "/api/dashboard/agents?from=2026-01-05&to=2026-01-10",
        )
        .await;
    let claims: i64 = agents
        .as_array()
        .expect("agents")
        .iter()
        .filter_map(|agent| agent["claimed"].as_i64())
        .sum();
    assert_eq!(claims, 3, "{agents}");
    let file = story
        .bytes_as("admin", "/api/leads/export.xlsx?labels=id")
        .await;
    assert!(file.starts_with(b"PK"));
    let sent: Vec<(String, i64)> = sqlx::query_as(
        "select case when to_wa like '+62811100000%' then 'agents' when to_wa = '+6281199990001' then 'managers' else 'clients' end,
                count(*) from wa_message where direction = 'out' group by 1 order by 1",
    )
    .fetch_all(&story.harness.app.pool)
    .await
    .expect("a count");
    let count = |who: &str, count| (who.to_owned(), count);
    assert_eq!(
        sent,
        [
            count("agents", 32),
            count("clients", 13),
            count("managers", 8)
        ]
    );
}
