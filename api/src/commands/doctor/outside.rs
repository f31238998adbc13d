//! The provider, and the way from outside.

use super::finding::{Finding, PATIENCE};
use shared::App;
use shared::providers::{self, Health, Registered};
use tokio::time::timeout;

/// Whether the provider accepts our credentials.
pub(super) async fn provider(app: &App) -> Finding {
    let (what, name) = ("provider", app.provider.name());
    match timeout(PATIENCE, app.provider.health()).await {
        Ok(None) => Finding::ok(what, format!("{name} has no credentials to check")),
        Ok(Some(Health::Good(_))) => Finding::ok(what, format!("{name} accepts our credentials")),
        Ok(Some(Health::Bad(reason))) => {
            let said = format!(
                "{name} rejects our credentials ({reason}). docs/operators/incidents.md, \"Expired token\""
            );
            Finding::wrong(what, said)
        }
        Ok(Some(Health::Unknown(reason))) => away(name, &reason),
        Err(_) => away(name, "no answer in 20 s"),
    }
}

fn away(name: &str, reason: &str) -> Finding {
    let said = format!(
        "{name} does not answer as it should ({reason}). docs/operators/incidents.md, \"WhatsApp does not answer\""
    );
    Finding::look("provider", said)
}

/// Whether the provider has the templates that we send. `None` if it has none at all.
pub(super) async fn templates(app: &App) -> Option<Finding> {
    let what = "templates";
    let not_known = |reason: &str| {
        Finding::look(
            what,
            format!("not checked ({reason}). docs/admins/cloud-api.md, \"Templates\""),
        )
    };
    let Ok(found) = timeout(PATIENCE, app.provider.templates()).await else {
        return Some(not_known("no answer in 20 s"));
    };
    Some(match found? {
        Registered::Good => Finding::ok(what, "each is approved and fits what is sent"),
        Registered::Bad(faults) => {
            let faults = faults.join("; ");
            let said = format!(
                "{faults}: agents who have not written for 24 hours cannot be reached. docs/admins/cloud-api.md, \"Templates\""
            );
            Finding::wrong(what, said)
        }
        Registered::Unknown(reason) => not_known(&reason),
    })
}

/// Whether the address that Meta and browsers use leads to an api.
pub(super) async fn webhooks(url: &str) -> Finding {
    let address = format!("{}/health/live", url.trim_end_matches('/'));
    match providers::ask_for(&address.clone().into()).await {
        Ok(()) => Finding::ok("webhooks", format!("{address} answers from here")),
        Err(error) => {
            let reason = error.provider_reason().unwrap_or("cannot be asked for");
            let said = format!(
                "{address} {reason}: is the api running, and does BETTER_AUTH_URL lead to it? Meta must reach it from outside"
            );
            Finding::look("webhooks", said)
        }
    }
}
