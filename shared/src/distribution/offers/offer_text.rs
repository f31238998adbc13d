//! The text of an offer.

use super::mask;
use crate::App;
use crate::distribution::model::Round;
use crate::distribution::policy;
use crate::distribution::store::SendableOffer;
use crate::texts::{Text, Texts, one_line};
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
    let title = if offer.past.is_some() {
        Text::OfferReturning
    } else {
        Text::OfferNew
    };
    let written = words_of_cycle(&app.texts, &offer.words);
    let shown =
        |text: &Option<String>| mask::words(app, text.as_deref().unwrap_or("")).into_owned();
    let phone = offer.lead_phone.as_deref().filter(|_| !masks);
    app.texts.render(
        text,
        &[
            ("title", &app.texts.render(title, &[])),
            ("label", &offer.label),
            ("code", offer.code.as_deref().unwrap_or("-")),
            ("name", &mask::name(app, offer.lead_name.as_deref())),
            ("phone", phone.unwrap_or("")),
            ("project", &shown(&offer.lead_project)),
            ("area", &shown(&offer.lead_area)),
            ("source", &shown(&offer.lead_source)),
            ("past", offer.past.as_deref().unwrap_or("")),
            ("message", &mask::words(app, &written)),
            ("window", &policy::window_in_words(window)),
            ("deadline", &app.timezone.time(deadline)),
        ],
    )
}

/// The most characters of a client's words in an offer. The newest are kept.
const MOST_WORDS: usize = 600;

/// What a client wrote in a cycle, oldest first, of messages newest first. If it is long, the oldest messages are left
/// out and counted.
pub(crate) fn words_of_cycle(texts: &Texts, newest_first: &[String]) -> String {
    let mut length = 0;
    let fits = |text: &&String| {
        length += text.chars().count() + 1;
        length <= MOST_WORDS
    };
    let shown = newest_first.iter().take_while(fits).count();
    // The newest message is shown, even if it is long: it is cut.
    let Some(newest) = newest_first.first().filter(|_| shown == 0) else {
        let mut lines: Vec<&str> = newest_first[..shown].iter().map(String::as_str).collect();
        lines.reverse();
        let left_out = newest_first.len() - shown;
        let rest = lines.join("\n");
        return if left_out == 0 {
            rest
        } else {
            let count = left_out.to_string();
            let above = texts.render(Text::EarlierMessages, &[("count", &count)]);
            format!("{above}\n{rest}")
        };
    };
    let cut: String = newest.chars().take(MOST_WORDS).collect();
    format!("{cut}…")
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

#[cfg(test)]
mod tests {
    use super::words_of_cycle;
    use crate::texts::Texts;

    #[test]
    fn all_words_of_the_cycle_are_shown_in_the_order_they_were_written() {
        let words = ["besok bisa?", "yang di BSD", "halo"].map(str::to_owned);
        assert_eq!(
            words_of_cycle(&Texts::default(), &words),
            "halo\nyang di BSD\nbesok bisa?"
        );
        assert_eq!(words_of_cycle(&Texts::default(), &[]), "");
    }

    #[test]
    fn long_words_are_cut_and_counted() {
        let words = ["baru".to_owned(), "x".repeat(590), "y".repeat(590)];
        let shown = words_of_cycle(&Texts::default(), &words);
        assert!(shown.starts_with("(+1 pesan sebelumnya)\nxxx"), "{shown}");
        assert!(shown.ends_with("\nbaru"), "{shown}");
        let one = words_of_cycle(&Texts::default(), &["z".repeat(5000)]);
        assert_eq!(one.chars().count(), 601);
    }
}
