//! Leads in a spreadsheet.

use super::pipeline::claimed_by_a;
use super::story::Story;

#[tokio::test]
async fn an_admin_takes_all_leads_as_csv_and_an_agent_their_own() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let other = story.client("081234001235");
    other.sends(serde_json::json!({ "body": "Halo" })).await;
    other.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    sqlx::query("update lead set name = '=1+1', source_ads = 'Ad \"satu\", dua' where phone = '+6281234001235'")
        .execute(&story.harness.app.pool)
        .await
        .expect("a name like a formula");

    let table = story.text_as("admin", "/api/leads/export").await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].starts_with("\u{feff}id,name,phone,status,"),
        "{table}"
    );
    assert!(
        lines[1].contains(",'=1+1,'+6281234001235,distributing,"),
        "{table}"
    );
    assert!(lines[1].contains("\"Ad \"\"satu\"\", dua\""), "{table}");
    assert!(lines[2].starts_with(&lead), "{table}");
    assert!(lines[2].contains(",sales-a,Sales A,"), "{table}");
    assert!(lines[2].contains("2026-01-05T09:00:00+07:00"), "{table}");

    let own = story.text_as("sales-a", "/api/leads/export").await;
    assert_eq!(own.lines().count(), 2, "{own}");
    let none = story.text_as("sales-b", "/api/leads/export").await;
    assert_eq!(none.lines().count(), 1, "{none}");
    let some = story
        .text_as("admin", "/api/leads/export?status=distributing")
        .await;
    assert_eq!(some.lines().count(), 2, "{some}");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_export_is_as_long_as_the_list_whatever_a_page_holds() {
    let story = Story::begin().await;
    sqlx::query(
        "insert into lead (id, name, phone, status, created_at, updated_at)
         select gen_random_uuid(), 'Past', '+62811' || (20000000 + n), 'new',
                timestamptz '2025-01-01 00:00Z' + n / 7 * interval '1 second', timestamptz '2025-01-01 00:00Z'
         from generate_series(1, 2500) n",
    )
    .execute(&story.harness.app.pool)
    .await
    .expect("leads, seven of them at each moment");
    let table = story.text_as("admin", "/api/leads/export").await;
    let mut ids: Vec<&str> = table.lines().skip(1).map(|line| &line[..36]).collect();
    assert_eq!(ids.len(), 2500);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2500);
    story.nobody_else_was_messaged().await;
}
