//! The text of an offer.

use super::mask;
use crate::App;
use crate::distribution::model::Round;
use crate::distribution::policy;
use crate::distribution::store::SendableOffer;
use crate::texts::{Text, one_line};
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
    let shown =
        |text: &Option<String>| mask::words(app, text.as_deref().unwrap_or("-")).into_owned();
    let phone = offer.lead_phone.as_deref().filter(|_| !masks);
    app.texts.render(
        text,
        &[
            ("label", &offer.label),
            ("code", offer.code.as_deref().unwrap_or("-")),
            ("name", &mask::name(app, offer.lead_name.as_deref())),
            ("phone", phone.unwrap_or("-")),
            ("project", &shown(&offer.lead_project)),
            ("area", &shown(&offer.lead_area)),
            ("source", &shown(&offer.lead_source)),
            ("message", &mask::words(app, written)),
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
    let project = one_line(&mask::words(app, project));
    let name = one_line(&mask::name(app, offer.lead_name.as_deref()));
    Short {
        line: format!("{code} {name}"),
        parameters: vec![
            code.to_owned(),
            project,
            policy::window_in_words(app.distribution.ack_window),
        ],
    }
}
