//! Every text that a client or an agent reads, in Indonesian. Settings can replace each
//! (`TEXT_…`, see [`crate::config::TextOverrides`]).

mod catalogue;
mod safe;
mod text;

pub use safe::one_line;
pub use text::Text;

use crate::{Error, Result};
use catalogue::{CATALOGUE, Entry};

/// The texts that this process uses.
#[derive(Clone, Debug)]
pub struct Texts([String; CATALOGUE.len()]);

impl Default for Texts {
    fn default() -> Self {
        Self(CATALOGUE.each_ref().map(|entry| entry.default.to_owned()))
    }
}

impl Texts {
    /// Replaces the default. Fails if the template has an unknown placeholder. A `\n` that is typed as two
    /// characters becomes a line break.
    pub fn replace(&mut self, text: Text, template: &str) -> Result<()> {
        let (index, entry) = entry(text);
        let template = template.replace("\\n", "\n");
        if template.trim().is_empty() {
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

    /// Fills in the placeholders. Values are not templates: a client can be named `{phone}`.
    ///
    /// Other people wrote most values, so each is made safe: it stays on one line, without characters that change the
    /// direction of text. The lines of a message are marked as a quote. Lists have lines of their own.
    pub fn render(&self, text: Text, values: &[(&str, &str)]) -> String {
        let (index, _) = entry(text);
        let rendered: String = pieces(&self.0[index])
            .map(|piece| match piece {
                Piece::Words(words) => words.to_owned(),
                Piece::Placeholder(name) => values
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or_else(String::new, |(name, value)| safe_value(name, value)),
            })
            .collect();
        // An empty value at the end leaves no empty line.
        rendered.trim_end_matches('\n').to_owned()
    }
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
    CATALOGUE
        .iter()
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
    use super::{CATALOGUE, Text, Texts, pieces};

    #[test]
    fn the_auto_reply_is_the_seeds_letter_for_letter() {
        assert_eq!(
            Texts::default().render(Text::AutoReply, &[]),
            "Harap menunggu agent professional akan menhubungi anda"
        );
    }

    #[test]
    fn every_default_uses_only_its_own_placeholders() {
        for entry in &CATALOGUE {
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
