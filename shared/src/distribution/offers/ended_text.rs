//! What an agent reads whose offer or lead ended.

use super::mask;
use crate::App;
use crate::distribution::model::NOT_SENT;
use crate::leads::Lead;
use crate::texts::Text;

/// What an agent reads whose offer was withdrawn, for this reason of the attempt.
pub(crate) fn withdrawn_text(
    app: &App,
    lead: &Lead,
    owner: Option<&str>,
    reason: Option<&str>,
) -> String {
    let name = mask::name_of(app, lead);
    let owner = owner.unwrap_or("agent lain");
    let values = [("name", &*name), ("owner", owner)];
    match reason {
        Some(NOT_SENT) => app.texts.render(Text::OfferNotSent, &values[..1]),
        Some("merged") => app.texts.render(Text::WithdrawnMerged, &values[..1]),
        Some("disabled") => app.texts.render(Text::Disabled, &[]),
        Some("assigned") => app.texts.render(Text::HandedOn, &values),
        Some(why @ ("stopped" | "test" | "junk" | "opted_out" | "erased")) => {
            stopped_text(app, &name, why)
        }
        _ => app.texts.render(Text::Withdrawn, &values),
    }
}

/// What an agent reads whose offer or lead was stopped, for this reason of the attempt.
pub(crate) fn stopped_text(app: &App, name: &str, reason: &str) -> String {
    let reason = match reason {
        "test" => Text::ReasonTest,
        "junk" => Text::ReasonJunk,
        "opted_out" => Text::ReasonOptedOut,
        "erased" => Text::ReasonErased,
        _ => Text::ReasonStopped,
    };
    let reason = app.texts.render(reason, &[]);
    app.texts
        .render(Text::LeadStopped, &[("name", name), ("reason", &reason)])
}

/// What an agent reads whose offer or lead was assigned to another agent.
pub(crate) fn handed_on_text(app: &App, lead: &Lead, owner: &str) -> String {
    let name = mask::name_of(app, lead);
    app.texts
        .render(Text::HandedOn, &[("name", &name), ("owner", owner)])
}
