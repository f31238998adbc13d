//! What is written while a person is searched for, before anything is locked.

use crate::cloud::office::Office;
use shared::testing::until_somebody_waits;

impl Office {
    /// Erases the client, whose lead is held until the search is over and this statement has run.
    async fn erase_while(&self, statement: &'static str) {
        let pool = &self.harness.app.pool;
        let mut held = self.harness.app.begin().await.expect("a transaction");
        sqlx::query("select from lead where phone = '+6281234001234' for update")
            .execute(&mut *held)
            .await
            .expect("held");
        let meanwhile = async {
            until_somebody_waits(pool).await;
            sqlx::raw_sql(statement)
                .execute(&mut *held)
                .await
                .expect("written");
            held.commit().await.expect("let go");
        };
        let ((status, answer), ()) = tokio::join!(self.erase("admin", "081234001234"), meanwhile);
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn a_message_that_is_stored_while_a_person_is_searched_for_does_not_name_them() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    office
        .erase_while(
            "insert into wa_message
             select (jsonb_populate_record(m, '{\"kind\": \"queue\", \"lead_id\": null, \"cycle_id\": null, \"attempt_id\": null, \"in_reply_to\": null}'
                        || jsonb_build_object('id', gen_random_uuid(), 'body', 'Nomornya 0812 3400 1234'))).*
             from wa_message m where m.direction = 'out' and m.to_wa like '+62811%' order by m.created_at desc limit 1",
        )
        .await;
    let told = office
        .sql("select string_agg(body, '|') from wa_message where body like 'Nomornya%'")
        .await;
    assert_eq!(told, "Nomornya [dihapus]");
}

#[tokio::test]
async fn a_person_who_gets_another_name_meanwhile_is_searched_for_again() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    office
        .erase_while(
            "insert into wa_message
             select (jsonb_populate_record(m, '{\"kind\": \"summary\", \"lead_id\": null, \"cycle_id\": null, \"attempt_id\": null, \"in_reply_to\": null}'
                        || jsonb_build_object('id', gen_random_uuid(), 'body', 'Ringkasan: Ratna Melati',
                                              'created_at', l.created_at + interval '1 second'))).*
             from wa_message m, lead l where m.direction = 'out' and m.to_wa like '+62811%' order by m.created_at desc limit 1;
             update lead set name = 'Ratna Melati'",
        )
        .await;
    let told = office
        .sql("select string_agg(body, '|') from wa_message where body like 'Ringkasan: %'")
        .await;
    assert_eq!(told, "Ringkasan: [dihapus]");
}
