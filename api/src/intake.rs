//! The connections of what comes in: clients' messages and forms, agents' answers, and statuses.

use shared::App;
use std::ops::Deref;

/// The operations' handle for webhooks. A long report of the desk cannot take its connections, and every statement on
/// them has one plan ([`shared::db::intake_pool`]).
#[derive(Clone)]
pub struct Intake(pub App);

impl Deref for Intake {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}
