//! A phone is linked.

use crate::company::{COMPANY, Company};
use shared::linked_device::{Command, State};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_scans_the_qr_code_is_linked_and_the_code_is_gone() {
    let company = Company::open().await;
    let device = company.device();
    device.logs("[wa:qr] scan this QR...").await;
    let shown = company.is(State::ScanQr).await;
    assert!(shown.qr_expires_at.expect("an end") > shown.now);
    assert!(shown.holder.expect("a holder").starts_with("device/"));

    company.scan().await;
    let connected = company.is(State::Connected).await;
    assert_eq!(connected.number.expect("a number").as_str(), COMPANY);
    assert_eq!((connected.qr, connected.pairing_code), (None, None));
    company
        .is_where("heard of", |status| {
            status.last_received_at.is_some() && status.last_sent_at.is_some()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_drops_before_the_scan_asks_for_a_pairing_code() {
    let company = Company::open().await;
    let device = company.device_with(&[("WA_PAIRING_PHONE", "0812 0000 0000")]);
    company.is(State::ScanQr).await;
    company.whatsapp.cut(false).await;
    let shown = company.is(State::Pairing).await;
    let code = shown.pairing_code.expect("a code");
    assert_eq!(shown.qr, None);
    let line = device.logs("[wa:pairing]").await;
    assert!(line.contains(&code), "{line}");

    company.whatsapp.type_code(&code).await;
    let connected = company.is(State::Connected).await;
    assert_eq!(connected.number.expect("a number").as_str(), COMPANY);
    assert_eq!(connected.pairing_code, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_phone_to_pair_a_dropped_connection_shows_another_qr_code() {
    let company = Company::open().await;
    let _device = company.device();
    let shown = company.is(State::ScanQr).await;
    company.whatsapp.cut(false).await;
    company
        .is_where("another QR code", |status| {
            status.state == State::ScanQr && status.qr_expires_at > shown.qr_expires_at
        })
        .await;
    company.scan().await;
    company.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_needs_a_passkey_is_said_to_and_a_reset_starts_afresh() {
    let company = Company::open().await;
    let _device = company.device();
    company.is(State::ScanQr).await;
    company.whatsapp.ask_for_passkey().await;
    let asked = company.is(State::PasskeyRequired).await;
    assert_eq!(asked.qr, None);
    assert!(asked.reason.expect("a reason").contains("passkey"));
    company.desired(Command::Reset).await;
    company.scan().await;
    company.is(State::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_proves_nothing_links_nothing() {
    let company = Company::open().await;
    let _device = company.device();
    let shown = company
        .is_where("a QR code", |status| status.qr.is_some())
        .await;
    let code = shown.qr.expect("a QR code");
    // Like a person who has seen only the public half of the code.
    let mut parts: Vec<&str> = code.split(',').collect();
    let foreign = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    parts[3] = foreign;
    company.whatsapp.scan(&parts.join(",")).await;
    let refused = company
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
