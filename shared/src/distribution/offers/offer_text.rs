//! The text of an offer.

use super::mask;
use crate::App;
use crate::distribution::model::Round;
use crate::distribution::policy;
use crate::distribution::store::SendableOffer;
use crate::texts::Text;
use crate::whatsapp::Short;

/// What the agent reads.
pub(crate) fn offer_text(app: &App, offer: &SendableOffer) -> String {
    let window = app.distribution.ack_window;
    // An offer that is sent late has the full window: the deadline moves when the provider accepts
    // the message.
    let deadline = if offer.now - offer.assigned_at > policy::AT_ONCE {
        offer.now + window
    } else {
        offer.ack_deadline_at
    };
    let masks = app.distribution.mask_offers;
    let text = match (offer.round, masks) {
        (Round::LastRound, false) => Text::OfferLastRound,
        (Round::LastRound, true) => Text::OfferLastRoundMasked,
        (_, false) => Text::Offer,
        (_, true) => Text::OfferMasked,
    };
    let written = offer.client_text.as_deref().unwrap_or("-");
    let (message, source, phone) = if masks {
        let source = offer
            .lead_source
            .as_deref()
            .map_or("-".into(), mask::scrubbed);
        (mask::scrubbed(written), source, "-")
    } else {
        let source = offer.lead_source.clone().unwrap_or_else(|| "-".to_owned());
        let phone = offer.lead_phone.as_deref().unwrap_or("-");
        (written.to_owned(), source, phone)
    };
    app.texts.render(
        text,
        &[
            ("label", &offer.label),
            ("code", offer.code.as_deref().unwrap_or("-")),
            ("name", &mask::name(app, offer.lead_name.as_deref())),
            ("phone", phone),
            ("project", offer.lead_project.as_deref().unwrap_or("-")),
            ("area", offer.lead_area.as_deref().unwrap_or("-")),
            ("source", &source),
            ("message", &message),
            ("window", &policy::window_in_words(window)),
            ("deadline", &app.timezone.time(deadline)),
        ],
    )
}

/// The offer as one line of a list, and as the values of a template: code, project, window.
pub(crate) fn short_form(app: &App, offer: &SendableOffer) -> Short {
    let code = offer.code.as_deref().unwrap_or("-");
    let project = offer
        .lead_project
        .as_deref()
        .or(offer.lead_source.as_deref())
        .unwrap_or("-");
    let project = if app.distribution.mask_offers {
        mask::scrubbed(project)
    } else {
        project.to_owned()
    };
    let name = mask::name(app, offer.lead_name.as_deref());
    Short {
        line: format!("{code} {name}"),
        parameters: vec![
            code.to_owned(),
            project,
            policy::window_in_words(app.distribution.ack_window),
        ],
    }
}
