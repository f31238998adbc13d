//! Broken networks, killed processes, unlinked phones.

use crate::company::{AGENT, CLIENT, Company};
use shared::linked_device::{Command, State};
use shared::testing::trials;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_while_no_device_ran_goes_both_ways_when_another_does() {
    let company = Company::open().await;
    let device = company.linked_device().await;
    company.whatsapp.writes(CLIENT, "Halo").await;
    company.nothing_waits_at_whatsapp().await;
    assert!(device.terminate().await.success());

    company.say(CLIENT, "Menunggu perangkat").await;
    company.whatsapp.writes(CLIENT, "Menunggu juga").await;
    let gone = company.status().await;
    assert_eq!(gone.state, State::Failed);
    assert!(
        gone.reason
            .expect("a reason")
            .contains("no device process is running")
    );

    let _device = company.device();
    company.is(State::Connected).await;
    company.reads(CLIENT, "Menunggu perangkat").await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Menunggu juga'",
            1,
        )
        .await;
    company.nothing_waits_at_whatsapp().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_drops_is_told_and_recovered_from() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.whatsapp.cut(true).await;
    let lost = company.is(State::Failed).await;
    assert!(lost.retrying && lost.reason.is_some() && lost.last_error.is_some());
    company.say(CLIENT, "Saat jaringan putus").await;
    company.whatsapp.writes(CLIENT, "Saya juga menulis").await;

    company.whatsapp.cut(false).await;
    company.is(State::Connected).await;
    company.reads(CLIENT, "Saat jaringan putus").await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Saya juga menulis'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unlinked_device_stays_out_until_it_is_started_and_then_links_anew() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.whatsapp.unlink().await;
    let out = company.is(State::LoggedOut).await;
    assert!(!out.retrying && out.reason.is_some());
    let logins = company.whatsapp.world().await.logins;

    company.desired(Command::Start).await;
    company.scan().await;
    company.is(State::Connected).await;
    assert_eq!(company.whatsapp.world().await.logins, logins + 1);
    company.whatsapp.writes(CLIENT, "Halo lagi").await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Halo lagi'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_forgets_the_link_and_shows_a_new_code() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    let before = company.count("select epoch from linked_device_epoch").await;
    company.desired(Command::Reset).await;
    let shown = company.is(State::ScanQr).await;
    assert_eq!(shown.number, None);
    assert!(company.count("select epoch from linked_device_epoch").await > before);
    company.scan().await;
    company.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_keeps_the_link_and_start_takes_it_up_again() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.desired(Command::Stop).await;
    let stopped = company.is(State::Stopped).await;
    assert_eq!(stopped.handled, stopped.request);
    assert!(company.whatsapp.world().await.connections.is_empty());
    company.say(CLIENT, "Setelah mulai lagi").await;

    company.desired(Command::Start).await;
    company.is(State::Connected).await;
    company.reads(CLIENT, "Setelah mulai lagi").await;
    let logins = company.whatsapp.world().await.logins;
    company.desired(Command::Restart).await;
    company
        .is_where("connected anew", |status| {
            status.state == State::Connected && status.handled == status.request
        })
        .await;
    assert!(company.whatsapp.world().await.logins > logins);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_down_is_not_acknowledged_and_comes_again() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    for statement in ["alter table inbound_event rename to gone"] {
        sqlx::query(statement)
            .execute(&company.pool)
            .await
            .expect("a broken inbox");
    }
    company.whatsapp.writes(CLIENT, "Jangan hilang").await;
    let logins = company.whatsapp.world().await.logins;
    // It has failed at least once when the device connects anew to have it again.
    company.logs_in_again(logins).await;
    assert_eq!(
        company.whatsapp.world().await.waiting.len(),
        1,
        "not acknowledged"
    );

    sqlx::query("alter table gone rename to inbound_event")
        .execute(&company.pool)
        .await
        .expect("a mended inbox");
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Jangan hilang'",
            1,
        )
        .await;
    company.nothing_waits_at_whatsapp().await;
    assert_eq!(company.count("select count(*) from lead").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_one_holds_and_the_other_takes_over_when_it_is_killed() {
    let company = Company::open().await;
    let first = company.linked_device().await;
    let second = company.device();
    second.logs("device.standing_by").await;
    let held = company
        .is_where("two processes", |status| status.devices_alive == 2)
        .await;
    let holder = held.holder.expect("a holder");
    company.whatsapp.writes(CLIENT, "Sebelum").await;
    company.nothing_waits_at_whatsapp().await;

    first.kill();
    company.say(CLIENT, "Sesudah").await;
    second.logs("device.holds_session").await;
    let taken = company
        .is_where("taken over", |status| {
            status.state == State::Connected && status.holder.as_ref() != Some(&holder)
        })
        .await;
    assert_eq!(taken.devices_alive, 1);
    company.reads(CLIENT, "Sesudah").await;
    let world = company.whatsapp.world().await;
    assert_eq!(world.replaced, 0, "never two at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_whose_epoch_is_over_lets_go_and_writes_nothing_more() {
    let company = Company::open().await;
    let device = company.linked_device().await;
    // As a process on another host that believed it dead.
    sqlx::query("update linked_device_epoch set epoch = epoch + 1")
        .execute(&company.pool)
        .await
        .expect("another epoch");
    device.logs("device.fenced_off").await;
    // It is alive, and the only one: it takes the session over again, in an epoch of its own.
    company.is(State::Connected).await;
    company.whatsapp.writes(CLIENT, "Masih di sini").await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Masih di sini'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_another_client_took_waits_for_a_person() {
    let company = Company::open().await;
    let first = company.linked_device().await;
    company.whatsapp.replace().await;
    let replaced = company.is(State::Failed).await;
    assert!(!replaced.retrying);
    assert!(
        replaced
            .reason
            .expect("a reason")
            .contains("another client")
    );
    // Another process that takes the session over does not start what waits for a person.
    let logins = company.whatsapp.world().await.logins;
    drop(first);
    let _device = company.device();
    company
        .is_where("held by another", |status| {
            status.is_held && status.devices_alive == 1
        })
        .await;
    // Its words are five seconds apart, but for the first two: by the third it would have begun.
    for _ in 0..3 {
        let last = company.status().await.seen_at;
        company
            .is_where("a word later", |status| status.seen_at > last)
            .await;
    }
    assert_eq!(company.whatsapp.world().await.logins, logins);
    company.desired(Command::Start).await;
    company.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_does_not_open_the_session_and_says_so() {
    let company = Company::open().await;
    let device = company.linked_device().await;
    assert!(device.terminate().await.success());
    let other = "ff".repeat(32);
    let stranger = company.device_with(&[("WA_DEVICE_KEY", &other)]);
    let failed = company
        .is_where("refused", |status| {
            let reason = status.reason.as_deref().unwrap_or_default();
            reason.contains("WA_DEVICE_KEY")
        })
        .await;
    assert_eq!((failed.state, failed.retrying), (State::Failed, false));
    // Nothing was lost: the right key still does.
    drop(stranger);
    let _device = company.device();
    company
        .is_where("held", |status| status.is_held && status.devices_alive == 1)
        .await;
    company.desired(Command::Start).await;
    company.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_a_start_says_why_and_stop_and_reset_work() {
    let company = Company::open().await;
    company.whatsapp.cut(true).await;
    let _device = company.device_with(&[("WA_MOCK_URL", "ws://127.0.0.1:9/ws/chat")]);
    let failed = company
        .is_where("unreachable", |status| status.last_error.is_some())
        .await;
    assert!(failed.retrying);
    let reason = failed.reason.expect("a reason");
    assert!(reason.contains("cannot be reached"), "{reason}");

    company.desired(Command::Stop).await;
    let stopped = company.is(State::Stopped).await;
    assert!(!stopped.retrying);
    company.desired(Command::Reset).await;
    company
        .is_where("unreachable again", |status| {
            status.state == State::Failed && status.handled == status.request
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_open_and_dead_is_noticed() {
    // The client asks after half a minute of silence at the latest, and waits for twenty seconds.
    if trials(0, 1) == 0 {
        return;
    }
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.whatsapp.world().await.is_mute = true;
    company
        .is_within(Duration::from_secs(150), "noticed", |status| {
            status.state != State::Connected
        })
        .await;
    company.whatsapp.world().await.is_mute = false;
    company.whatsapp.cut(false).await;
    company.is(State::Connected).await;
    company.whatsapp.writes(CLIENT, "Masih di sini").await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Masih di sini'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_whatsapp_refuses_a_login_for_is_said_and_only_what_passes_is_tried_again() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    let ban: &[(&str, &str)] = &[("code", "101"), ("expire", "3600")];
    for (reason, more, state, retrying, words) in [
        (
            "402",
            ban,
            State::Failed,
            false,
            "banned the number for 60 minutes",
        ),
        ("405", &[], State::Failed, false, "needs an update"),
        ("409", &[], State::Failed, false, "refused the connection"),
        ("503", &[], State::Failed, true, "refused the connection"),
        ("403", &[], State::LoggedOut, false, "unlinked"),
    ] {
        company.whatsapp.refuse_logins(Some((reason, more))).await;
        company.desired(Command::Restart).await;
        let told = company
            .is_where(words, |status| {
                status
                    .reason
                    .as_ref()
                    .is_some_and(|told| told.contains(words))
            })
            .await;
        assert_eq!((told.state, told.retrying), (state, retrying), "{reason}");
        if state != State::LoggedOut {
            company.whatsapp.refuse_logins(None).await;
            company.desired(Command::Start).await;
            company.is(State::Connected).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_kept_keeps_no_other_from_being() {
    let company = Company::open().await;
    let device = company.linked_device().await;
    for statement in [
        "create function refuse() returns trigger language plpgsql as $$ begin
           if new.payload ->> 'body' = 'Racun' then raise exception 'no' using errcode = '23514'; end if;
           return new; end $$",
        "create trigger refuse before insert on inbound_event for each row execute function refuse()",
    ] {
        sqlx::query(statement).execute(&company.pool).await.expect("a rule");
    }
    company.whatsapp.writes(CLIENT, "Racun").await;
    company.whatsapp.writes(AGENT, "Bukan racun").await;
    company.nothing_waits_at_whatsapp().await;
    company
        .wait_for(
            "select count(*) from wa_message where body = 'Bukan racun'",
            1,
        )
        .await;
    company
        .wait_for(
            "select count(*) from wa_message m join lead l on l.id = m.lead_id
             where m.direction = 'in' and m.body = '[pesan yang tidak dapat ditampilkan]'",
            1,
        )
        .await;
    device.logs("device.not_storable").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_died_is_forgotten_whatever_was_wished_since() {
    let company = Company::open().await;
    let _device = company.linked_device().await;
    company.whatsapp.unlink().await;
    company.is(State::LoggedOut).await;
    company.desired(Command::Stop).await;
    company.is(State::Stopped).await;
    company.desired(Command::Start).await;
    let shown = company.is(State::ScanQr).await;
    assert_eq!(shown.number, None);
}
