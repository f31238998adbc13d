//! What the terminal shows, as on the previous server.

#![allow(
    clippy::print_stdout,
    reason = "a QR code is for the eyes of whoever started the process"
)]

use fast_qr::QRBuilder;
use shared::linked_device::Report;

/// Shows the QR code to scan or the code to type.
pub(crate) fn show(report: &Report) {
    if let Some((code, _)) = &report.qr
        && let Ok(drawn) = QRBuilder::new(code.as_str()).build()
    {
        println!("[wa:qr] scan this QR...\n{}", drawn.to_str());
    }
    if let Some(code) = &report.pairing_code {
        println!("[wa:pairing] type this code on the phone, under Link with phone number: {code}");
    }
}
