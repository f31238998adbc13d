//! Broken networks, killed processes, unlinked phones.

use crate::house::{AGENT, CLIENT, House};
use shared::linked_device::{Command, State};
use shared::testing::trials;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_while_no_device_ran_goes_both_ways_when_another_does() {
    let house = House::open().await;
    let device = house.linked_device().await;
    house.whatsapp.writes(CLIENT, "Halo").await;
    house.nothing_waits_at_whatsapp().await;
    assert!(device.terminate().await.success());

    house.say(CLIENT, "Menunggu perangkat").await;
    house.whatsapp.writes(CLIENT, "Menunggu juga").await;
    let gone = house.status().await;
    assert_eq!(gone.state, State::Failed);
    assert!(
        gone.reason
            .expect("a reason")
            .contains("no device process is running")
    );

    let _device = house.device();
    house.is(State::Connected).await;
    house.reads(CLIENT, "Menunggu perangkat").await;
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Menunggu juga'",
            1,
        )
        .await;
    house.nothing_waits_at_whatsapp().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_drops_is_told_and_recovered_from() {
    let house = House::open().await;
    let _device = house.linked_device().await;
    house.whatsapp.cut(true).await;
    let lost = house.is(State::Failed).await;
    assert!(lost.retrying && lost.reason.is_some() && lost.last_error.is_some());
    house.say(CLIENT, "Saat jaringan putus").await;
    house.whatsapp.writes(CLIENT, "Saya juga menulis").await;

    house.whatsapp.cut(false).await;
    house.is(State::Connected).await;
    house.reads(CLIENT, "Saat jaringan putus").await;
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Saya juga menulis'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unlinked_device_stays_out_until_it_is_started_and_then_links_anew() {
    let house = House::open().await;
    let _device = house.linked_device().await;
    house.whatsapp.unlink().await;
    let out = house.is(State::LoggedOut).await;
    assert!(!out.retrying && out.reason.is_some());
    let logins = house.whatsapp.world().await.logins;

    house.desired(Command::Start).await;
    house.scan().await;
    house.is(State::Connected).await;
    assert_eq!(house.whatsapp.world().await.logins, logins + 1);
    house.whatsapp.writes(CLIENT, "Halo lagi").await;
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Halo lagi'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_forgets_the_link_and_shows_a_new_code() {
    let house = House::open().await;
    let _device = house.linked_device().await;
    let before = house.count("select epoch from linked_device_epoch").await;
    house.desired(Command::Reset).await;
    let shown = house.is(State::ScanQr).await;
    assert_eq!(shown.number, None);
    assert!(house.count("select epoch from linked_device_epoch").await > before);
    house.scan().await;
    house.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_keeps_the_link_and_start_takes_it_up_again() {
    let house = House::open().await;
    let _device = house.linked_device().await;
    house.desired(Command::Stop).await;
    let stopped = house.is(State::Stopped).await;
    assert_eq!(stopped.handled, stopped.request);
    assert!(house.whatsapp.world().await.connections.is_empty());
    house.say(CLIENT, "Setelah mulai lagi").await;

    house.desired(Command::Start).await;
    house.is(State::Connected).await;
    house.reads(CLIENT, "Setelah mulai lagi").await;
    let logins = house.whatsapp.world().await.logins;
    house.desired(Command::Restart).await;
    house
        .is_where("connected anew", |status| {
            status.state == State::Connected && status.handled == status.request
        })
        .await;
    assert!(house.whatsapp.world().await.logins > logins);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_down_is_not_acknowledged_and_comes_again() {
    let house = House::open().await;
    let _device = house.linked_device().await;
    for statement in ["alter table inbound_event rename to gone"] {
        sqlx::query(statement)
            .execute(&house.pool)
            .await
            .expect("a broken inbox");
    }
    house.whatsapp.writes(CLIENT, "Jangan hilang").await;
    let logins = house.whatsapp.world().await.logins;
    // It has failed at least once when the device connects anew to have it again.
    house.logs_in_again(logins).await;
    assert_eq!(
        house.whatsapp.world().await.waiting.len(),
        1,
        "not acknowledged"
    );

    sqlx::query("alter table gone rename to inbound_event")
        .execute(&house.pool)
        .await
        .expect("a mended inbox");
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Jangan hilang'",
            1,
        )
        .await;
    house.nothing_waits_at_whatsapp().await;
    assert_eq!(house.count("select count(*) from lead").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_one_holds_and_the_other_takes_over_when_it_is_killed() {
    let house = House::open().await;
    let first = house.linked_device().await;
    let second = house.device();
    second.logs("device.standing_by").await;
    let held = house
        .is_where("two processes", |status| status.devices_alive == 2)
        .await;
    let holder = held.holder.expect("a holder");
    house.whatsapp.writes(CLIENT, "Sebelum").await;
    house.nothing_waits_at_whatsapp().await;

    first.kill();
    house.say(CLIENT, "Sesudah").await;
    second.logs("device.holds_session").await;
    let taken = house
        .is_where("taken over", |status| {
            status.state == State::Connected && status.holder.as_ref() != Some(&holder)
        })
        .await;
    assert_eq!(taken.devices_alive, 1);
    house.reads(CLIENT, "Sesudah").await;
    let world = house.whatsapp.world().await;
    assert_eq!(world.replaced, 0, "never two at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_whose_epoch_is_over_lets_go_and_writes_nothing_more() {
    let house = House::open().await;
    let device = house.linked_device().await;
    // As a process on another host that believed it dead.
    sqlx::query("update linked_device_epoch set epoch = epoch + 1")
        .execute(&house.pool)
        .await
        .expect("another epoch");
    device.logs("device.fenced_off").await;
    // It is alive, and the only one: it takes the session over again, in an epoch of its own.
    house.is(State::Connected).await;
    house.whatsapp.writes(CLIENT, "Masih di sini").await;
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Masih di sini'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_another_client_took_waits_for_a_person() {
    let house = House::open().await;
    let first = house.linked_device().await;
    house.whatsapp.replace().await;
    let replaced = house.is(State::Failed).await;
    assert!(!replaced.retrying);
    assert!(
        replaced
            .reason
            .expect("a reason")
            .contains("another client")
    );
    // Another process that takes the session over does not start what waits for a person.
    let logins = house.whatsapp.world().await.logins;
    drop(first);
    let _device = house.device();
    house
        .is_where("held by another", |status| {
            status.is_held && status.devices_alive == 1
        })
        .await;
    // Its words are five seconds apart, but for the first two: by the third it would have begun.
    for _ in 0..3 {
        let last = house.status().await.seen_at;
        house
            .is_where("a word later", |status| status.seen_at > last)
            .await;
    }
    assert_eq!(house.whatsapp.world().await.logins, logins);
    house.desired(Command::Start).await;
    house.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_does_not_open_the_session_and_says_so() {
    let house = House::open().await;
    let device = house.linked_device().await;
    assert!(device.terminate().await.success());
    let other = "ff".repeat(32);
    let stranger = house.device_with(&[("WA_DEVICE_KEY", &other)]);
    let failed = house
        .is_where("refused", |status| {
            let reason = status.reason.as_deref().unwrap_or_default();
            reason.contains("WA_DEVICE_KEY")
        })
        .await;
    assert_eq!((failed.state, failed.retrying), (State::Failed, false));
    // Nothing was lost: the right key still does.
    drop(stranger);
    let _device = house.device();
    house
        .is_where("held", |status| status.is_held && status.devices_alive == 1)
        .await;
    house.desired(Command::Start).await;
    house.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_a_start_says_why_and_stop_and_reset_work() {
    let house = House::open().await;
    house.whatsapp.cut(true).await;
    let _device = house.device_with(&[("WA_MOCK_URL", "ws://127.0.0.1:9/ws/chat")]);
    let failed = house
        .is_where("unreachable", |status| status.last_error.is_some())
        .await;
    assert!(failed.retrying);
    let reason = failed.reason.expect("a reason");
    assert!(reason.contains("cannot be reached"), "{reason}");

    house.desired(Command::Stop).await;
    let stopped = house.is(State::Stopped).await;
    assert!(!stopped.retrying);
    house.desired(Command::Reset).await;
    house
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
    let house = House::open().await;
    let _device = house.linked_device().await;
    house.whatsapp.world().await.is_mute = true;
    house
        .is_within(Duration::from_secs(150), "noticed", |status| {
            status.state != State::Connected
        })
        .await;
    house.whatsapp.world().await.is_mute = false;
    house.whatsapp.cut(false).await;
    house.is(State::Connected).await;
    house.whatsapp.writes(CLIENT, "Masih di sini").await;
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Masih di sini'",
            1,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_whatsapp_refuses_a_login_for_is_said_and_only_what_passes_is_tried_again() {
    let house = House::open().await;
    let _device = house.linked_device().await;
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
        house.whatsapp.refuse_logins(Some((reason, more))).await;
        house.desired(Command::Restart).await;
        let told = house
            .is_where(words, |status| {
                status
                    .reason
                    .as_ref()
                    .is_some_and(|told| told.contains(words))
            })
            .await;
        assert_eq!((told.state, told.retrying), (state, retrying), "{reason}");
        if state != State::LoggedOut {
            house.whatsapp.refuse_logins(None).await;
            house.desired(Command::Start).await;
            house.is(State::Connected).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_kept_keeps_no_other_from_being() {
    let house = House::open().await;
    let device = house.linked_device().await;
    for statement in [
        "create function refuse() returns trigger language plpgsql as $$ begin
           if new.payload ->> 'body' = 'Racun' then raise exception 'no' using errcode = '23514'; end if;
           return new; end $$",
        "create trigger refuse before insert on inbound_event for each row execute function refuse()",
    ] {
        sqlx::query(statement).execute(&house.pool).await.expect("a rule");
    }
    house.whatsapp.writes(CLIENT, "Racun").await;
    house.whatsapp.writes(AGENT, "Bukan racun").await;
    house.nothing_waits_at_whatsapp().await;
    house
        .wait_for(
            "select count(*) from wa_message where body = 'Bukan racun'",
            1,
        )
        .await;
    house
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
    let house = House::open().await;
    let _device = house.linked_device().await;
    house.whatsapp.unlink().await;
    house.is(State::LoggedOut).await;
    house.desired(Command::Stop).await;
    house.is(State::Stopped).await;
    house.desired(Command::Start).await;
    let shown = house.is(State::ScanQr).await;
    assert_eq!(shown.number, None);
}
