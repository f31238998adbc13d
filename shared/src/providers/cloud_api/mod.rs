//! `WA_PROVIDER=cloud_api`: WhatsApp's Cloud API, through Graph.
//!
//! `POST /{version}/{phone_number_id}/messages`. The answer 200 means that Meta accepted the message, not
//! that it arrived. Statuses report that, by webhook ([`crate::meta`]).

mod refusals;
mod templates;
mod wire;

pub use refusals::{Class, class_of};

use super::graph::{Answer, Graph};
use super::{Accepted, Health, Outgoing, Provider, Registered, Rules};
use crate::error::{ProviderFailure, Unfit};
use crate::phone::Phone;
use crate::{Error, Result};
use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The name of this provider in the database.
pub const NAME: &str = "cloud_api";
/// How long we wait after Meta reports that we send too fast.
const TOO_QUICK: Duration = Duration::from_secs(2);

/// A phone number of a WhatsApp Business account.
pub struct CloudApi {
    graph: Arc<Graph>,
    token: SecretString,
    phone_number_id: String,
    rules: Rules,
    /// The WhatsApp Business account that the templates belong to, if it is known.
    account: Option<String>,
    /// Meta's last answer about our token, and when it came. A screen may ask every second.
    told: Mutex<Option<(Instant, Health)>>,
}

/// How long that answer is used before Meta is asked again.
const TOLD_FOR: Duration = Duration::from_secs(30);

impl CloudApi {
    /// A provider that sends from the number with this id, with this token.
    pub fn new(
        graph: Arc<Graph>,
        token: SecretString,
        phone_number_id: String,
        rules: Rules,
    ) -> Self {
        Self {
            graph,
            token,
            phone_number_id,
            rules,
            account: None,
            told: Mutex::default(),
        }
    }

    /// The same provider, which knows the id of its WhatsApp Business account, so that it can be asked for the templates.
    #[must_use]
    pub fn of_account(self, account: Option<String>) -> Self {
        Self { account, ..self }
    }

    /// Requests our own number with our token.
    async fn ask_about_token(&self) -> Health {
        let fields = [("fields", "display_phone_number")];
        let asked = self.graph.get(&self.phone_number_id, &fields, &self.token);
        match asked.await {
            Ok(Answer::Done(answer)) => {
                let shown = answer["display_phone_number"].as_str();
                Health::Good(shown.and_then(|shown| Phone::from_human("number", shown).ok()))
            }
            Ok(Answer::Refused {
                status,
                code,
                transient,
                reason,
            }) => match refusal(status, code, transient, reason.clone(), &self.rules) {
                error if error.provider_failure() == Some(ProviderFailure::Suspended) => {
                    Health::Bad(reason)
                }
                _ => Health::Unknown(reason),
            },
            Ok(Answer::Unknown(reason)) => Health::Unknown(reason),
            Err(error) => Health::Unknown(error.to_string()),
        }
    }
}

#[async_trait]
impl Provider for CloudApi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn rules(&self) -> Option<&Rules> {
        Some(&self.rules)
    }

    async fn health(&self) -> Option<Health> {
        let mut told = self.told.lock().await;
        if let Some((at, health)) = &*told
            && at.elapsed() < TOLD_FOR
        {
            return Some(health.clone());
        }
        let health = self.ask_about_token().await;
        if !matches!(health, Health::Unknown(_)) {
            *told = Some((Instant::now(), health.clone()));
        }
        Some(health)
    }

    async fn templates(&self) -> Option<Registered> {
        let Some(account) = &self.account else {
            let unset = "WA_CLOUD_BUSINESS_ACCOUNT_ID is not set";
            return Some(Registered::Unknown(unset.to_owned()));
        };
        let asked = templates::faults(&self.graph, &self.token, account, &self.rules.templates);
        Some(match asked.await {
            Ok(Ok(faults)) if faults.is_empty() => Registered::Good,
            Ok(Ok(faults)) => Registered::Bad(faults),
            Ok(Err(reason)) => Registered::Unknown(reason),
            Err(error) => Registered::Unknown(error.to_string()),
        })
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted> {
        let path = format!("{}/messages", self.phone_number_id);
        match self
            .graph
            .post(&path, &wire::body(message), &self.token)
            .await?
        {
            Answer::Done(answer) => match answer["messages"][0]["id"].as_str() {
                Some(id) => Ok(Accepted {
                    provider_message_id: id.to_owned(),
                }),
                None => Err(unknown("an answer that names no message".to_owned())),
            },
            Answer::Refused {
                status,
                code,
                transient,
                reason,
            } => Err(refusal(status, code, transient, reason, &self.rules)),
            Answer::Unknown(reason) => Err(unknown(reason)),
        }
    }
}

fn unknown(reason: String) -> Error {
    Error::provider(NAME, ProviderFailure::OutcomeUnknown, reason)
}

/// Maps a refusal to an error.
fn refusal(
    status: u16,
    code: Option<i64>,
    transient: bool,
    reason: String,
    rules: &Rules,
) -> Error {
    let class = match (code, status) {
        // "Object … does not exist, cannot be loaded due to missing permissions": our number, not theirs.
        (Some(100), _) if reason.contains("does not exist") => Class::Token,
        (Some(code), _) => class_of(code, transient),
        (None, 429) => Class::TooQuick,
        (None, 401 | 403) => Class::Token,
        // The answer is not Graph's but that of a proxy between us.
        (None, _) => Class::Transient,
    };
    // A server can have accepted the message before it failed.
    if status >= 500 && class == Class::Transient {
        return unknown(reason);
    }
    match class {
        Class::Transient => Error::provider(NAME, ProviderFailure::UNAVAILABLE, reason),
        Class::TooQuick => {
            let busy = ProviderFailure::Busy { wait: TOO_QUICK };
            Error::provider(NAME, busy, reason)
        }
        Class::Pair => Error::NotYet {
            wait: rules.pair_pause.max(Duration::from_secs(6)),
        },
        Class::Window => {
            Error::provider(NAME, ProviderFailure::Unfit(Unfit::OutsideWindow), reason)
        }
        Class::Template => Error::provider(NAME, ProviderFailure::Unfit(Unfit::Template), reason),
        Class::Account | Class::Token => Error::provider(NAME, ProviderFailure::Suspended, reason),
        Class::Recipient | Class::NotToday | Class::Message => {
            Error::provider(NAME, ProviderFailure::Refused, reason)
        }
    }
}
