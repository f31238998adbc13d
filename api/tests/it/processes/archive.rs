//! The event log of old leads, moved to a file.

use super::company::Company;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read;

/// The first client was here three years ago; the second three years ago, and again today.
const THREE_YEARS_LATER: &str = "
    alter table distribution_event disable trigger all;
    update distribution_event set at = at - interval '3 years' where id <= (select max(id) from distribution_event);
    alter table distribution_event enable trigger all;
    update distribution_attempt set assigned_at = assigned_at - interval '3 years', closed_at = closed_at - interval '3 years',
           ack_deadline_at = ack_deadline_at - interval '3 years', offer_accepted_at = offer_accepted_at - interval '3 years';
    update distribution_cycle set started_at = started_at - interval '3 years', closed_at = closed_at - interval '3 years',
           hangus_at = hangus_at - interval '3 years'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_to_old_leads_moves_to_a_file_and_their_stories_say_where() {
    let company = Company::open("0.5").await;
    let (_api, url) = company.start_api().await;
    let worker = company.start_worker();
    for client in [1, 2] {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    let hangus = "select count(*) from lead where status = 'hangus'";
    company.wait_for(hangus, 2).await;
    let jobs = "select count(*) from apalis.jobs where job_type <> 'send-summary.v1'";
    company.wait_for(jobs, 0).await;
    assert!(worker.terminate().await.success());
    sqlx::raw_sql(THREE_YEARS_LATER)
        .execute(&company.pool)
        .await
        .expect("three years");
    let body = serde_json::json!({ "clientWa": "+6281230000002", "body": "Halo lagi", "messageId": "wamid.again" });
    let path = format!("{url}/webhooks/whatsapp/dummy/client-message");
    company.post(&path, &body).await.expect("an answer");
    let worker = company.start_worker();
    company
        .wait_for(
            "select count(*) from distribution_cycle where status = 'hangus'",
            3,
        )
        .await;
    company.wait_for(jobs, 0).await;
    let old = "select count(*) from distribution_event e join lead l on l.id = e.lead_id where l.phone like '%1'";
    let young = "select count(*) from distribution_event e join lead l on l.id = e.lead_id where l.phone like '%2'";
    let (old_events, young_events) = (company.count(old).await, company.count(young).await);

    let folder = std::env::temp_dir().join(format!("archive-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let to = folder.to_str().expect("a name");
    let counted = company.api_json(&["archive", "--to", to]);
    assert_eq!(
        (&counted["events"], &counted["done"]),
        (&old_events.into(), &false.into())
    );
    let moved = company.api_json(&["archive", "--to", to, "--yes"]);
    assert_eq!(
        (&moved["events"], &moved["deleted"]),
        (&old_events.into(), &old_events.into())
    );
    assert_eq!(
        (company.count(old).await, company.count(young).await),
        (0, young_events)
    );

    let file = moved["file"].as_str().expect("a file");
    let mut text = String::new();
    GzDecoder::new(File::open(file).expect("it is there"))
        .read_to_string(&mut text)
        .expect("it can be read");
    let lines = i64::try_from(text.lines().count()).expect("few");
    assert_eq!(lines, old_events);
    assert!(text.contains(r#""kind": "hangus""#), "{text}");
    let lead: uuid::Uuid = sqlx::query_scalar("select id from lead where phone like '%1'")
        .fetch_one(&company.pool)
        .await
        .expect("a lead");
    let (code, story) = company.api(&["leads", "story", &lead.to_string()]);
    assert_eq!(code, 0);
    assert!(story.contains(&format!("zgrep {lead} {file}")), "{story}");
    let other: uuid::Uuid = sqlx::query_scalar("select id from lead where phone like '%2'")
        .fetch_one(&company.pool)
        .await
        .expect("a lead");
    let (_, story) = company.api(&["leads", "story", &other.to_string()]);
    assert!(!story.contains("zgrep"), "{story}");

    // Three years later what is left moves to another file, and that story names this one only.
    sqlx::raw_sql(THREE_YEARS_LATER)
        .execute(&company.pool)
        .await
        .expect("three more years");
    let second = company.api_json(&["archive", "--to", to, "--yes"]);
    assert_eq!(second["deleted"], young_events);
    let second = second["file"].as_str().expect("a file");
    let (_, story) = company.api(&["leads", "story", &other.to_string()]);
    let named: Vec<&str> = story
        .lines()
        .filter(|line| line.contains("zgrep"))
        .collect();
    assert_eq!(named.len(), 1, "{story}");
    assert!(named[0].contains(second), "{story}");

    // Nothing is left to move, nobody deletes by hand, and the audit finds nothing.
    let again = company.api_json(&["archive", "--to", to, "--yes"]);
    assert_eq!(again["events"], 0);
    let listed = company.api_json(&["archive", "--list"]);
    assert_eq!(listed[0]["deleted"], young_events);
    assert_eq!(listed[1]["deleted"], old_events);
    company
        .wait_for("select count(*) from audit_run where due_at > now()", 1)
        .await;
    assert!(worker.terminate().await.success());
    assert_eq!(company.count("select count(*) from audit_breach").await, 0);
    std::fs::remove_dir_all(&folder).ok();
}
