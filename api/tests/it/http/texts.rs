//! Texts can be configured, and a wrong template stops the process at its start.

use clap::Parser;
use worker::config::Settings;

fn settings(arguments: &[&str]) -> Settings {
    let mut all = vec!["worker", "--database-url", "postgres://localhost/x"];
    all.extend(arguments);
    Settings::try_parse_from(all).expect("good arguments")
}

#[tokio::test]
async fn a_text_is_replaced_and_its_placeholders_are_checked() {
    let replaced = settings(&["--text-auto-reply", r"Halo!\nTunggu ya"]);
    let app = replaced.app().expect("good settings");
    let said = app.texts.render(shared::texts::Text::AutoReply, &[]);
    assert_eq!(said, "Halo!\nTunggu ya");
    let wrong = settings(&["--text-late", "Terlambat, {nama}"]).app();
    let error = wrong.err().expect("an unknown placeholder").to_string();
    assert!(
        error.contains("TEXT_LATE") && error.contains("{nama}"),
        "{error}"
    );
}

#[tokio::test]
async fn the_seeds_names_are_the_settings() {
    let given = settings(&[
        "--distribution-ack-seconds",
        "1.5",
        "--distribution-poll-ms",
        "500",
        "--wa-provider",
        "dummy",
        "--property-lounge-wa",
        "081234567890",
    ]);
    assert_eq!(given.common.distribution.ack_window.as_millis(), 1500);
    assert_eq!(given.common.distribution.poll.as_millis(), 500);
    assert_eq!(
        given.common.whatsapp.property_lounge_wa.as_str(),
        "+6281234567890"
    );
    let unknown = ["worker", "--database-url", "x", "--wa-provider", "telegram"];
    assert!(Settings::try_parse_from(unknown).is_err());
}
