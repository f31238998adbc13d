//! A phone is linked.

use crate::house::{COMPANY, House};
use shared::linked_device::State;

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
    assert!(connected.last_received_at.is_some() || connected.away_since.is_none());
}
