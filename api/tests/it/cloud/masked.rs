//! Masked offers through Graph: what managers read hides the client, too.

use super::office::{Office, agent};
use chrono::TimeDelta;

const CLIENT: &str = "6281234001234";

#[tokio::test]
async fn a_managers_notice_hides_the_client_in_a_template_and_in_words() {
    const MANAGER: &str = "628119990001";
    let office = Office::masked().await;
    office.manager_is(MANAGER).await;
    office.graph.keeps_windows();
    office
        .says(CLIENT, "Halo, saya di 0812-3400-1234, rina@contoh.id")
        .await;
    office.reads(CLIENT);
    for label in 'A'..='F' {
        office.reads(&agent(label));
        office.fast_forward(TimeDelta::minutes(5)).await;
    }

    // The manager has not written for a day: the notice is a template.
    let notice = office.reads(MANAGER).body;
    assert_eq!(notice["template"]["name"], "lead_notice", "{notice}");
    let alert = notice.to_string();
    assert!(alert.contains("hangus"), "{alert}");
    hides_the_client(&alert);

    // The manager writes, so their window is open: what they read next is words.
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.says(MANAGER, "siapa saja?").await;
    hides_the_client(&office.reads(MANAGER).body.to_string());
    let code = office
        .sql("select code from distribution_cycle limit 1")
        .await;
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.says(MANAGER, &format!("TUGASKAN {code} B")).await;
    let done = office.reads(MANAGER).body;
    assert!(done.to_string().contains("Sales B"), "{done}");
    hides_the_client(&done.to_string());
    // Only the agent who has the lead reads how to reach the client.
    let theirs = office.reads(&agent('B')).body.to_string();
    assert!(theirs.contains("6281234001234"), "{theirs}");
    office.nobody_else_was_messaged().await;
}

/// Nothing in the message says how to reach the client.
fn hides_the_client(message: &str) {
    for secret in ["81234001234", "3400-1234", "rina@contoh.id"] {
        assert!(!message.contains(secret), "{secret} in {message}");
    }
}
