//! What is written while a person is searched for, before anything is locked.

use crate::cloud::office::Office;
use shared::testing::until_somebody_waits;

impl Office {
    /// Erases the client, whose lead is held until the search is over, a message to an agent was stored, and this statement has
    /// run. The message has these columns. Returns its words.
    async fn erase_while(&self, message: &str, statement: &'static str) -> String {
        let pool = &self.harness.app.pool;
        let mut held = self.harness.app.begin().await.expect("a transaction");
        sqlx::query("select from lead where phone = '+6281234001234' for update")
            .execute(&mut *held)
            .await
            .expect("held");
        let meanwhile = async {
            until_somebody_waits(pool).await;
            let stored = sqlx::query(
                r#"insert into wa_message
                   select (jsonb_populate_record(m, '{"lead_id": null, "cycle_id": null, "attempt_id": null, "in_reply_to": null, "provider_message_id": null}'
                              || jsonb_build_object('id', '01b00000-0000-7000-8000-000000000000') || $1::jsonb)).*
                   from wa_message m where m.direction = 'out' and m.to_wa like '+62811%' order by m.created_at desc limit 1"#,
            );
            let stored = stored.bind(message).execute(&mut *held).await;
            assert_eq!(stored.expect("a message").rows_affected(), 1);
            sqlx::raw_sql(statement)
                .execute(&mut *held)
                .await
                .expect("written");
            held.commit().await.expect("let go");
        };
        let ((status, answer), ()) = tokio::join!(self.erase("admin", "081234001234"), meanwhile);
        assert_eq!(status, 200, "{answer}");
        self.sql("select body from wa_message where id = '01b00000-0000-7000-8000-000000000000'")
            .await
    }
}

#[tokio::test]
async fn a_message_that_is_stored_while_a_person_is_searched_for_does_not_name_them() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    let message = r#"{"kind": "queue", "body": "Nomornya 0812 3400 1234"}"#;
    let told = office.erase_while(message, "").await;
    assert_eq!(told, "Nomornya [dihapus]");
}

#[tokio::test]
async fn what_the_phones_own_app_wrote_long_ago_and_comes_now_does_not_name_them() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    let message = r#"{"kind": "echo", "body": "Nomornya 0812 3400 1234", "created_at": "2025-12-01T00:00:00Z"}"#;
    let told = office.erase_while(message, "").await;
    assert_eq!(told, "Nomornya [dihapus]");
}

#[tokio::test]
async fn a_person_who_gets_another_name_meanwhile_is_searched_for_again() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    // Before the instant from which everything is looked at, and after the client's first message.
    let long_ago = office
        .sql("select to_json(min(created_at) + interval '1 second') #>> '{}' from lead")
        .await;
    let message = format!(
        r#"{{"kind": "summary", "body": "Ringkasan: Ratna Melati", "created_at": "{long_ago}"}}"#
    );
    let renamed = "update lead set name = 'Ratna Melati'";
    let told = office.erase_while(&message, renamed).await;
    assert_eq!(told, "Ringkasan: [dihapus]");
}
