//! Messages over the linked device, both ways.

use crate::company::{AGENT, CLIENT, Company};
use crate::mock::Turn;
use shared::linked_device::State;
use whatsapp_rust::wacore::proto_helpers::MessageBuilderExt;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_is_read_and_what_is_written_is_heard() {
    let company = Company::open().await;
    let device = company.linked_device().await;

    company.say(CLIENT, "Halo dari kami").await;
    let id = company.reads(CLIENT, "Halo dari kami").await;
    company
        .wait_for(
            "select count(*) from wa_message where kind = 'test' and accepted_at is not null",
            1,
        )
        .await;
    company.whatsapp.receipt(CLIENT, &id, false).await;
    company
        .wait_for(
            "select count(*) from wa_message where delivery_status = 'delivered'",
            1,
        )
        .await;
    company.whatsapp.receipt(CLIENT, &id, true).await;
    company
        .wait_for(
            "select count(*) from wa_message where delivery_status = 'read'",
            1,
        )
        .await;

    company
        .whatsapp
        .writes(CLIENT, "Halo, saya tertarik\0 unitnya")
        .await;
    company.nothing_waits_at_whatsapp().await;
    company
        .wait_for(
            "select count(*) from wa_message m join lead l on l.id = m.lead_id
             where m.direction = 'in' and m.kind = 'client' and m.provider = 'qr_local' and m.body = 'Halo, saya tertarik unitnya'
               and m.from_wa = '+6281234001234' and l.phone = m.from_wa and l.name = 'Bapak Test'",
            1,
        )
        .await;
    company
        .reads(
            CLIENT,
            "Harap menunggu agent professional akan menhubungi anda",
        )
        .await;
    company.reads(AGENT, "Bapak Test").await;
    let lines = device.lines();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("distribution.message_handled"))
    );
    for secret in ["81234001234", "tertarik", "Bapak Test", "Halo dari kami"] {
        let told = lines.iter().find(|line| line.contains(secret));
        assert_eq!(told, None, "no log names people or what they say");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_under_a_lid_is_the_lead_of_their_number_once_it_is_known() {
    let company = Company::open().await;
    let _device = company.linked_device().await;

    // We have written to them: WhatsApp has disclosed their LID.
    company.say(CLIENT, "Halo").await;
    company.reads(CLIENT, "Halo").await;
    company.whatsapp.hide_number(CLIENT).await;
    company.whatsapp.writes(CLIENT, "Masih ada unitnya?").await;
    company
        .wait_for(
            "select count(*) from wa_message m join lead l on l.id = m.lead_id
             where m.body = 'Masih ada unitnya?' and m.from_wa = '+6281234001234' and l.phone = m.from_wa",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lid_whose_number_nobody_knows_is_a_lead_who_is_answered() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.whatsapp.hide_number(CLIENT).await;
    company.whatsapp.writes(CLIENT, "Halo").await;
    company
        .wait_for(
            "select count(*) from wa_message m join lead l on l.id = m.lead_id
             where m.direction = 'in' and m.from_wa = 'lid:76281234001234' and l.phone is null",
            1,
        )
        .await;
    company.reads(CLIENT, "Harap menunggu").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_whatsapp_refuses_is_not_taken_and_a_lost_answer_sends_once() {
    let company = Company::open().await;
    let _device = company.linked_device().await;

    company
        .whatsapp
        .world()
        .await
        .script
        .push(Turn::Refuse("463"));
    company.say(CLIENT, "Ditolak").await;
    company
        .wait_for("select count(*) from wa_message where delivery_status = 'failed' and delivery_error like '%463%'", 1)
        .await;

    company
        .whatsapp
        .world()
        .await
        .script
        .push(Turn::LoseTheAnswer);
    company.say(CLIENT, "Jawaban hilang").await;
    company
        .wait_for("select count(*) from wa_message where body = 'Jawaban hilang' and accepted_at is not null", 1)
        .await;
    let world = company.whatsapp.world().await;
    assert_eq!(world.came.len(), 2, "sent again");
    assert_eq!(world.came[0], world.came[1], "under the same id");
    drop(world);
    let read = company.whatsapp.read_by(CLIENT).await;
    assert_eq!(read.len(), 1, "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_not_on_whatsapp_is_refused_and_nothing_is_sent() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.say("+6289999999999", "Halo").await;
    company
        .wait_for("select count(*) from wa_message where delivery_status = 'failed' and delivery_error like '%not on WhatsApp%'", 1)
        .await;
    assert!(company.whatsapp.world().await.came.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_changes_and_the_phones_own_words_are_filed() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    let picture = wa::Message {
        image_message: MessageField::some(wa::message::ImageMessage {
            caption: Some("Ini rumahnya".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    company.whatsapp.sends(CLIENT, &picture).await;
    company
        .wait_for(
            "select count(*) from wa_message where body = '[gambar] Ini rumahnya'",
            1,
        )
        .await;

    let id = company.whatsapp.writes(CLIENT, "Bukan yang ini").await;
    let key = wa::MessageKey {
        id: Some(id),
        from_me: Some(true),
        ..Default::default()
    };
    let taken_back = wa::Message {
        protocol_message: MessageField::some(wa::message::ProtocolMessage {
            r#type: Some(wa::message::protocol_message::Type::REVOKE),
            key: MessageField::some(key),
            ..Default::default()
        }),
        ..Default::default()
    };
    company.whatsapp.sends(CLIENT, &taken_back).await;
    company
        .wait_for(
            "select count(*) from wa_correction c join wa_message m on m.provider_message_id = c.original_id
             where c.kind = 'revoke' and m.body = 'Bukan yang ini'",
            1,
        )
        .await;

    company
        .whatsapp
        .phone_writes(CLIENT, &wa::Message::text("Dari HP kantor"))
        .await;
    company
        .wait_for(
            "select count(*) from wa_message where kind = 'echo' and to_wa = '+6281234001234' and body = 'Dari HP kantor'",
            1,
        )
        .await;
    company.nothing_waits_at_whatsapp().await;
    assert_eq!(company.status().await.state, State::Connected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_tells_that_a_message_arrived_whose_answer_was_lost() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company
        .whatsapp
        .world()
        .await
        .script
        .push(Turn::LoseTheAnswer);
    company.say(CLIENT, "Sampai juga").await;
    let id = company.reads(CLIENT, "Sampai juga").await;
    company.whatsapp.receipt(CLIENT, &id, false).await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Sampai juga' and delivery_status = 'delivered' and accepted_at is not null",
            1,
        )
        .await;
    // The job stops waiting for the acknowledgement, reads its row again, and finds nothing to send.
    company
        .wait_for("select count(*) from apalis.jobs where job_type = 'send-message.v1' and status <> 'Done'", 0)
        .await;
    assert_eq!(company.whatsapp.world().await.came.len(), 1);
}

/// A client and an agent get new numbers: the lead has the client's, and offers go to the agent's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_number_is_heard() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.whatsapp.writes(CLIENT, "Halo").await;
    company
        .wait_for(
            "select count(*) from lead where phone = '+6281234001234'",
            1,
        )
        .await;
    company
        .whatsapp
        .changes_number(CLIENT, "+6281234009999")
        .await;
    company
        .wait_for(
            "select count(*) from lead where phone = '+6281234009999'",
            1,
        )
        .await;
    company
        .whatsapp
        .changes_number(AGENT, "+628111000099")
        .await;
    company
        .wait_for(
            r#"select count(*) from "user" where offer_address = '+628111000099'"#,
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_number_that_the_database_does_not_take_is_stored_later() {
    let company = Company::open().await;
    let device = company.linked_device().await;
    sqlx::query("alter table wa_identity rename to gone")
        .execute(&company.pool)
        .await
        .expect("a broken table");
    company
        .whatsapp
        .changes_number(AGENT, "+628111000099")
        .await;
    device.logs("device.status_waits").await;
    sqlx::query("alter table gone rename to wa_identity")
        .execute(&company.pool)
        .await
        .expect("a mended table");
    company
        .wait_for(
            r#"select count(*) from "user" where offer_address = '+628111000099'"#,
            1,
        )
        .await;
}
