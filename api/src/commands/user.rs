//! `api user`: for whom nobody at the desk can help, like the only admin.

use super::actor::actor;
use clap::Subcommand;
use shared::auth::{self, Client, two_factor};
use shared::security::{self, Answered};
use shared::{App, Error};
use std::io::Write;

/// What `api user` does. Each is in the security log, with who typed it.
#[derive(Clone, Debug, Subcommand)]
pub enum User {
    /// Let a user sign in without a code, who lost the phone and the backup codes. Signs them out everywhere.
    ResetTwoFactor {
        /// The email that they sign in with.
        email: String,
    },
}

/// Runs one of the commands. Fails if the database does, or if nobody has the email.
pub async fn run(app: &App, command: &User) -> anyhow::Result<()> {
    let User::ResetTwoFactor { email } = command;
    let accounts = auth::accounts(app).await?;
    let user = accounts
        .into_iter()
        .find(|account| account.user.email.eq_ignore_ascii_case(email))
        .ok_or(Error::NotFound { what: "user" })?
        .user;
    let answered = Answered {
        operation: Some("resetTwoFactor"),
        path: &format!("{} by {}", user.id.0, actor()),
        status: Some(200),
    };
    security::answered(app, None, None, &Client::default(), &answered).await?;
    two_factor::reset(app, &user.id).await?;
    let mut out = std::io::stdout();
    Ok(writeln!(
        out,
        "{} signs in without a code now, and is signed out everywhere.",
        user.email
    )?)
}
