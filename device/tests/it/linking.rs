//! A phone is linked.

use crate::house::{COMPANY, House};
use shared::linked_device::{Command, State};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_scans_the_qr_code_is_linked_and_the_code_is_gone() {
    let house = House::open().await;
    let device = house.device();
    device.logs("[wa:qr] scan this QR...").await;
    let shown = house.is(State::ScanQr).await;
    assert!(shown.qr_expires_at.expect("an end") > shown.now);
    assert!(shown.holder.expect("a holder").starts_with("device/"));

    house.scan().await;
    let connected = house.is(State::Connected).await;
    assert_eq!(connected.number.expect("a number").as_str(), COMPANY);
    assert_eq!((connected.qr, connected.pairing_code), (None, None));
    house
        .is_where("heard of", |status| {
            status.last_received_at.is_some() && status.last_sent_at.is_some()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_drops_before_the_scan_asks_for_a_pairing_code() {
    let house = House::open().await;
    let device = house.device_with(&[("WA_PAIRING_PHONE", "0812 0000 0000")]);
    house.is(State::ScanQr).await;
    house.whatsapp.cut(false).await;
    let shown = house.is(State::Pairing).await;
    let code = shown.pairing_code.expect("a code");
    assert_eq!(shown.qr, None);
    let line = device.logs("[wa:pairing]").await;
    assert!(line.contains(&code), "{line}");

    house.whatsapp.type_code(&code).await;
    let connected = house.is(State::Connected).await;
    assert_eq!(connected.number.expect("a number").as_str(), COMPANY);
    assert_eq!(connected.pairing_code, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_phone_to_pair_a_dropped_connection_shows_another_qr_code() {
    let house = House::open().await;
    let _device = house.device();
    let shown = house.is(State::ScanQr).await;
    house.whatsapp.cut(false).await;
    house
        .is_where("another QR code", |status| {
            status.state == State::ScanQr && status.qr_expires_at > shown.qr_expires_at
        })
        .await;
    house.scan().await;
    house.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_needs_a_passkey_is_said_to_and_a_reset_starts_afresh() {
    let house = House::open().await;
    let _device = house.device();
    house.is(State::ScanQr).await;
    house.whatsapp.ask_for_passkey().await;
    let asked = house.is(State::PasskeyRequired).await;
    assert_eq!(asked.qr, None);
    assert!(asked.reason.expect("a reason").contains("passkey"));
    house.desired(Command::Reset).await;
    house.scan().await;
    house.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_proves_nothing_links_nothing() {
    let house = House::open().await;
    let _device = house.device();
    let shown = house
        .is_where("a QR code", |status| status.qr.is_some())
        .await;
    let code = shown.qr.expect("a QR code");
    // Like a person who has seen only the public half of the code.
    let mut parts: Vec<&str> = code.split(',').collect();
    let foreign = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    parts[3] = foreign;
    house.whatsapp.scan(&parts.join(",")).await;
    let refused = house
        .is_where("refused", |status| status.last_error.is_some())
        .await;
    assert!(
        refused
            .last_error
            .expect("an error")
            .contains("could not be linked")
    );
    assert_eq!(refused.number, None);
}
