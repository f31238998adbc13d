//! `.env.example` lists every setting, and nothing else.

use api::cli::{Cli, Command};
use api::config::Settings;
use clap::{Args, CommandFactory, Parser};
use shared::config::Device;
use std::collections::BTreeSet;

/// The environment variables that `api`, `worker` and `device` read.
pub(crate) fn all_settings() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut commands = vec![
        api::cli::Cli::command(),
        worker::config::Settings::command(),
        // The device's own settings. No other crate links it.
        Device::augment_args(clap::Command::new("device")),
    ];
    while let Some(command) = commands.pop() {
        known.extend(
            command
                .get_arguments()
                .filter_map(|argument| argument.get_env())
                .map(|name| name.to_string_lossy().into_owned()),
        );
        commands.extend(command.get_subcommands().cloned());
    }
    known
}

#[test]
fn the_example_lists_every_setting_of_every_process() {
    let listed: BTreeSet<String> = include_str!("../../../.env.example")
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    assert_eq!(listed, all_settings());
}

/// `api serve` with these settings.
fn serve(arguments: &[&str]) -> Settings {
    let all = [
        "api",
        "serve",
        "--database-url",
        "postgresql://nowhere/none",
    ];
    match Cli::parse_from(all.iter().chain(arguments)).command {
        Command::Serve(settings) => *settings,
        _ => panic!("not `api serve`"),
    }
}

#[tokio::test]
async fn the_cloud_api_does_not_start_without_what_it_cannot_do_without() {
    let token = [
        "--wa-provider",
        "cloud_api",
        "--wa-cloud-api-token",
        "a-token",
    ];
    let number = ["--wa-cloud-phone-number-id", "1060000000000001"];
    let secret = ["--meta-app-secret", "a-secret-of-the-app"];
    let word = ["--whatsapp-verify-token", "kata-rahasia-kami"];
    let reason = |settings: &[&[&str]]| {
        let settings = serve(&settings.concat());
        let app = settings.app().map(drop).err();
        let secrets = settings.webhook_secrets().map(drop).err();
        app.or(secrets)
            .map(|problems| problems.to_string())
            .unwrap_or_default()
    };
    assert_eq!(reason(&[&token, &number, &secret, &word]), "");
    for (settings, missing) in [
        ([&token[..2], &number, &secret, &word], "WA_CLOUD_API_TOKEN"),
        ([&token, &[], &secret, &word], "WA_CLOUD_PHONE_NUMBER_ID"),
        ([&token, &number, &[], &word], "META_APP_SECRET"),
        (
            [
                &token,
                &number,
                &["--meta-app-secret", "dev-app-secret-dev"],
                &word,
            ],
            "META_APP_SECRET",
        ),
        (
            [&token, &number, &["--meta-app-secret", "short"], &word],
            "META_APP_SECRET",
        ),
        ([&token, &number, &secret, &[]], "WHATSAPP_VERIFY_TOKEN"),
        (
            [
                &token,
                &number,
                &secret,
                &["--whatsapp-verify-token", "dev-verify-token"],
            ],
            "WHATSAPP_VERIFY_TOKEN",
        ),
    ] {
        let reason = reason(&settings);
        let expected = format!("1 setting is wrong:\n  {missing}: ");
        assert!(reason.starts_with(&expected), "{missing}: {reason}");
    }
}

#[tokio::test]
async fn what_a_development_uses_is_refused_where_anybody_could_use_it() {
    let development = serve(&[]);
    assert!(development.webhook_secrets().is_ok() && development.auth().is_ok());
    let open = ["--host", "0.0.0.0"];
    assert!(serve(&open).auth().is_err(), "no secret");
    assert!(
        serve(&open).webhook_secrets().is_ok(),
        "no handshake at all is no danger"
    );
    let word = [&open[..], &["--whatsapp-verify-token", "dev-verify-token"]].concat();
    assert!(serve(&word).webhook_secrets().is_err());
    let secret = [
        &open[..],
        &["--meta-app-secret", "dev-secret-for-the-office"],
    ]
    .concat();
    assert!(serve(&secret).webhook_secrets().is_err());
}

#[tokio::test]
async fn a_token_that_links_phones_must_be_long_where_anybody_could_try_it() {
    let given = ["--admin-whatsapp-token", "short"];
    assert!(serve(&given).auth().is_ok(), "a development");
    let open = [
        "--wa-provider",
        "qr_local",
        "--better-auth-secret",
        "a secret of the tests, thirty-two long",
    ];
    let reason = serve(&[&open[..], &given].concat()).auth().map(drop);
    let reason = reason.expect_err("too short").to_string();
    assert!(reason.contains("\n  ADMIN_WHATSAPP_TOKEN: "), "{reason}");
    let long = ["--admin-whatsapp-token", "sixteen-characters-or-more"];
    assert!(serve(&[&open[..], &long].concat()).auth().is_ok());
}

#[tokio::test]
async fn secrets_that_are_easily_guessed_are_refused_where_anybody_could_try_them() {
    let open = ["--host", "0.0.0.0", "--better-auth-secret"];
    let auth = |secret: &str| {
        let settings = serve(&[&open[..], &[secret]].concat());
        settings
            .auth()
            .map(drop)
            .map_err(|problems| problems.to_string())
    };
    let good = "5f0c2b7be7b0a41b8d1f7c1a2e9d3c4b";
    assert_eq!(auth(good), Ok(()));
    for weak in [
        "a".repeat(64),
        "12345678".repeat(4),
        "password".repeat(4),
        good[..31].to_owned(),
    ] {
        let reason = auth(&weak).expect_err("it is weak");
        assert!(reason.contains("\n  BETTER_AUTH_SECRET: "), "{reason}");
        assert!(!reason.contains(&weak), "the secret is not printed");
    }
    let host = ["--host", "0.0.0.0"];
    for (setting, value) in [
        ("--meta-leads-token", "x"),
        ("--meta-leads-token", "aaaaaaaaaaaaaaaaaaaaaaaa"),
        ("--whatsapp-verify-token", "x"),
        ("--whatsapp-verify-token", "password"),
        ("--meta-app-secret", "1234567890123456"),
    ] {
        let settings = serve(&[&host[..], &[setting, value]].concat());
        assert!(settings.webhook_secrets().is_err(), "{setting} {value}");
        let development = serve(&[setting, value]);
        assert!(development.webhook_secrets().is_ok(), "{setting} {value}");
    }
}

#[tokio::test]
async fn the_cloud_api_needs_a_cookie_that_is_sent_over_https_only() {
    let cloud = [
        "--wa-provider",
        "cloud_api",
        "--better-auth-secret",
        "5f0c2b7be7b0a41b8d1f7c1a2e9d3c4b",
    ];
    let reason = serve(&cloud)
        .auth()
        .map(drop)
        .expect_err("over http")
        .to_string();
    assert!(reason.contains("\n  BETTER_AUTH_URL: "), "{reason}");
    let https = [
        &cloud[..],
        &["--better-auth-url", "https://api.example.com"],
    ]
    .concat();
    let reason = serve(&https)
        .auth()
        .map(drop)
        .expect_err("what of the proxy?")
        .to_string();
    assert!(reason.contains("\n  AUTH_BEHIND_PROXY: "), "{reason}");
    for known in ["true", "false"] {
        let proxy = [&https[..], &["--auth-behind-proxy", known]].concat();
        assert!(serve(&proxy).auth().is_ok());
    }
}
