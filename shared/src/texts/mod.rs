//! Every text that a client or an agent reads, in Indonesian. Settings can replace each
//! (`TEXT_…`, see [`crate::config::TextOverrides`]).

mod catalogue;
mod safe;
mod text;

pub use safe::one_line;
pub use text::Text;

use crate::{Error, Result};
use catalogue::{Entry, entries};

/// The texts that this process uses.
#[derive(Clone, Debug)]
pub struct Texts(Vec<String>);

impl Default for Texts {
    fn default() -> Self {
        Self(entries().map(|entry| entry.default.to_owned()).collect())
    }
}

impl Texts {
    /// Replaces the default. Fails if the template has an unknown placeholder. A `\n` that is typed as two
    /// characters becomes a line break.
    pub fn replace(&mut self, text: Text, template: &str) -> Result<()> {
        let (index, entry) = entry(text);
        let template = template.replace("\\n", "\n");
        if template.trim().is_empty() && !entry.text.can_be_off() {
            return Err(Error::invalid(entry.variable, "the text is empty"));
        }
        for name in pieces(&template).filter_map(Piece::placeholder) {
            if !entry.placeholders.contains(&name) {
                let known = entry.placeholders.join("}, {");
                return Err(Error::invalid(
                    entry.variable,
                    format!("knows no placeholder {{{name}}}; it has: {{{known}}}"),
                ));
            }
        }
        self.0[index] = template;
        Ok(())
    }

    /// The same texts, without those that can be switched off, but for these.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn without_optional_but(mut self, kept: &[Text]) -> Self {
        for (text, entry) in self.0.iter_mut().zip(entries()) {
            if entry.text.can_be_off() && !kept.contains(&entry.text) {
                text.clear();
            }
        }
        self
    }

    /// How a client is addressed: by name, or in the words for somebody who gave none.
    pub fn name_of_client(&self, name: Option<&str>) -> String {
        name.map_or_else(|| self.render(Text::NoName, &[]), str::to_owned)
    }

    /// Fills in the placeholders. Values are not templates: a client can be named `{phone}`.
    ///
    /// Other people wrote most values, so each is made safe: it stays on one line, without characters that change the
    /// direction of text. The lines of a message are marked as a quote. Lists have lines of their own.
    ///
    /// A line is left out if it has placeholders and all of them are empty: `Area: {area}` of a client who named none.
    pub fn render(&self, text: Text, values: &[(&str, &str)]) -> String {
        let (index, _) = entry(text);
        let lines: Vec<String> = self.0[index]
            .split('\n')
            .filter_map(|line| filled_in(line, values))
            .collect();
        lines.join("\n").trim_end_matches('\n').to_owned()
    }

    /// Whether the setting of this text is not empty.
    pub fn is_on(&self, text: Text) -> bool {
        let (index, _) = entry(text);
        !self.0[index].trim().is_empty()
    }

    /// As [`Texts::render`]. `None` if the setting of this text is empty: the message is switched off.
    pub fn render_if_on(&self, text: Text, values: &[(&str, &str)]) -> Option<String> {
        self.is_on(text).then(|| self.render(text, values))
    }
}

/// A line of a template with its values. `None` if it has placeholders and all of them are empty.
fn filled_in(line: &str, values: &[(&str, &str)]) -> Option<String> {
    let mut filled = String::with_capacity(line.len());
    let mut placeholders = 0;
    let mut empty = 0;
    for piece in pieces(line) {
        match piece {
            Piece::Words(words) => filled.push_str(words),
            Piece::Placeholder(name) => {
                placeholders += 1;
                let known = values.iter().find(|(known, _)| *known == name);
                let value = known.map_or_else(String::new, |(name, value)| safe_value(name, value));
                empty += usize::from(value.trim().is_empty());
                filled.push_str(&value);
            }
        }
    }
    (placeholders == 0 || empty < placeholders).then_some(filled)
}

/// Placeholders for lists, whose lines are made of safe values.
const LISTS: [&str; 4] = ["offers", "queue", "leads", "team"];

fn safe_value(name: &str, value: &str) -> String {
    match name {
        "message" => safe::quoted(value),
        // A link of ours, which can be longer than a line.
        "link" => value.to_owned(),
        _ if LISTS.contains(&name) => safe::without_controls(value),
        _ => one_line(value),
    }
}

fn entry(text: Text) -> (usize, &'static Entry) {
    entries()
        .enumerate()
        .find(|(_, entry)| entry.text == text)
        .expect("every text has its entry in the catalogue")
}

enum Piece<'template> {
    Words(&'template str),
    Placeholder(&'template str),
}

impl<'template> Piece<'template> {
    fn placeholder(self) -> Option<&'template str> {
        match self {
            Self::Placeholder(name) => Some(name),
            Self::Words(_) => None,
        }
    }
}

/// Splits a template into text and `{placeholders}`. A brace that encloses no name is text.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = rest.find('{').unwrap_or(rest.len());
        if start > 0 {
            let (words, tail) = rest.split_at(start);
            rest = tail;
            return Some(Piece::Words(words));
        }
        match rest.find('}') {
            Some(end) if is_name(&rest[1..end]) => {
                let name = &rest[1..end];
                rest = &rest[end + 1..];
                Some(Piece::Placeholder(name))
            }
            _ => {
                let (brace, tail) = rest.split_at(1);
                rest = tail;
                Some(Piece::Words(brace))
            }
        }
    })
}

fn is_name(candidate: &str) -> bool {
    !candidate.is_empty()
        && candidate
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Text, Texts, entries, pieces};

    #[test]
    fn the_auto_reply_is_the_seeds_letter_for_letter() {
        assert_eq!(
            Texts::default().render(Text::AutoReply, &[]),
            "Harap menunggu agent professional akan menhubungi anda"
        );
    }

    #[test]
    fn every_default_uses_only_its_own_placeholders() {
        for entry in entries() {
            for name in pieces(entry.default).filter_map(super::Piece::placeholder) {
                assert!(
                    entry.placeholders.contains(&name),
                    "{} {name}",
                    entry.variable
                );
            }
        }
    }

    #[test]
    fn a_line_without_values_is_left_out() {
        let mut texts = Texts::default();
        let template = "Lead {name}\nArea: {area}\n\nBalas OK {code}";
        texts
            .replace(Text::Offer, template)
            .expect("a good template");
        let said = texts.render(
            Text::Offer,
            &[("name", "Budi"), ("area", " "), ("code", "A1")],
        );
        assert_eq!(said, "Lead Budi\n\nBalas OK A1");
    }

    #[test]
    fn a_message_to_clients_is_switched_off_by_an_empty_text() {
        let mut texts = Texts::default();
        assert!(texts.render_if_on(Text::ClientHangus, &[]).is_some());
        texts
            .replace(Text::ClientHangus, "")
            .expect("it can be off");
        assert!(texts.render_if_on(Text::ClientHangus, &[]).is_none());
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let mut texts = Texts::default();
        texts
            .replace(Text::Late, r"{name}\n{deadline} {")
            .expect("a good template");
        let said = texts.render(Text::Late, &[("name", "{deadline}"), ("deadline", "10:00")]);
        assert_eq!(said, "{deadline}\n10:00 {");
    }

    #[test]
    fn a_placeholder_that_the_text_does_not_know_is_refused() {
        let refused = Texts::default().replace(Text::AutoReply, "Halo {name}");
        assert!(refused.is_err());
        assert!(Texts::default().replace(Text::Offer, "  ").is_err());
    }
}
