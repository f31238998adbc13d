//! What an agent's message means.

use crate::{Error, Result};
use unicode_normalization::UnicodeNormalization;

/// The intent of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// Claim the lead.
    Ok,
    /// Decline the lead.
    Decline,
    /// A command that belongs to no offer.
    Command(Command),
    /// Anything else.
    Other,
}

/// The commands of an agent besides OK and decline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// List the commands.
    Help,
    /// Show my places and open offers.
    Queue,
    /// Start a break.
    Pause,
    /// End the break.
    Resume,
    /// Claim the hangus lead for which I was late.
    SecondChance,
}

/// An agent's message: its intent, and the code of the offer if it contains one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) intent: Intent,
    pub(super) code: Option<String>,
}

/// The phrases that are understood; each can have several words.
#[derive(Clone, Debug)]
pub struct Lexicon {
    ok: Vec<Phrase>,
    decline: Vec<Phrase>,
    polite: Vec<Phrase>,
    commands: [(Command, Vec<Phrase>); 5],
    assign: Vec<Phrase>,
}

type Phrase = Vec<String>;

/// Phrases that accept an offer (`LEXICON_OK`).
pub const OK: &str = "ok,oke,okay,okey,siap,gas,ambil,👍,✅";
/// Phrases that decline an offer (`LEXICON_DECLINE`).
pub const DECLINE: &str = "lewati,lewat,pass,skip,👎";
/// Phrases that can be added to either and change nothing (`LEXICON_POLITE`).
pub const POLITE: &str =
    "pak,bu,bapak,ibu,kak,mas,mbak,bang,bos,boss,gan,min,admin,ya,deh,dong,terima kasih,makasih,🙏";

/// Phrases that ask for the commands (`LEXICON_HELP`).
pub const HELP: &str = "bantuan,help,menu";
/// Phrases that ask for the agent's places and open offers (`LEXICON_QUEUE`).
pub const QUEUE: &str = "antrian,antrean";
/// Phrases that start a break (`LEXICON_PAUSE`).
pub const PAUSE: &str = "istirahat,jeda";
/// Phrases that end a break (`LEXICON_RESUME`).
pub const RESUME: &str = "siap kerja,mulai kerja,aktif";
/// Phrases that ask for a hangus lead for which the agent was late (`LEXICON_SECOND_CHANCE`).
pub const SECOND_CHANCE: &str =
    "beri saya kesempatan lagi,beri kesempatan lagi,beri kesempatan,kesempatan";
/// Phrases with which a manager assigns a lead: `tugaskan H12 B` (`LEXICON_ASSIGN`).
pub const ASSIGN: &str = "tugaskan,assign";

/// The lists of phrases that a lexicon is made of, each separated by commas.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'list> {
    /// Phrases that accept an offer.
    pub ok: &'list str,
    /// Phrases that decline an offer.
    pub decline: &'list str,
    /// Phrases that can be added to any other.
    pub polite: &'list str,
    /// Phrases that ask for the commands.
    pub help: &'list str,
    /// Phrases that ask for the agent's places and open offers.
    pub queue: &'list str,
    /// Phrases that start a break.
    pub pause: &'list str,
    /// Phrases that end a break.
    pub resume: &'list str,
    /// Phrases that ask for a hangus lead.
    pub second_chance: &'list str,
    /// Phrases with which a manager assigns a lead.
    pub assign: &'list str,
}

impl Default for Lists<'_> {
    fn default() -> Self {
        Self {
            ok: OK,
            decline: DECLINE,
            polite: POLITE,
            help: HELP,
            queue: QUEUE,
            pause: PAUSE,
            resume: RESUME,
            second_chance: SECOND_CHANCE,
            assign: ASSIGN,
        }
    }
}

impl Default for Lexicon {
    fn default() -> Self {
        Self::new(Lists::default()).expect("the defaults say something")
    }
}

impl Lexicon {
    /// Makes a lexicon from these lists. Fails if a phrase is in two lists.
    pub fn new(lists: Lists<'_>) -> Result<Self> {
        let lexicon = Self {
            ok: phrases(lists.ok),
            decline: phrases(lists.decline),
            polite: phrases(lists.polite),
            commands: [
                (Command::Help, phrases(lists.help)),
                (Command::Queue, phrases(lists.queue)),
                (Command::Pause, phrases(lists.pause)),
                (Command::Resume, phrases(lists.resume)),
                (Command::SecondChance, phrases(lists.second_chance)),
            ],
            assign: phrases(lists.assign),
        };
        if lexicon.ok.is_empty() {
            return Err(Error::invalid("LEXICON_OK", "has no word"));
        }
        let [help, queue, pause, resume, second_chance] =
            lexicon.commands.each_ref().map(|(_, phrases)| phrases);
        let named = [
            ("LEXICON_OK", &lexicon.ok),
            ("LEXICON_DECLINE", &lexicon.decline),
            ("LEXICON_HELP", help),
            ("LEXICON_QUEUE", queue),
            ("LEXICON_PAUSE", pause),
            ("LEXICON_RESUME", resume),
            ("LEXICON_SECOND_CHANCE", second_chance),
            ("LEXICON_ASSIGN", &lexicon.assign),
        ];
        for (index, (field, phrases)) in named.iter().enumerate() {
            for (other, others) in &named[..index] {
                if let Some(both) = phrases.iter().find(|phrase| others.contains(phrase)) {
                    let message = format!("`{}` is in {other} too", both.join(" "));
                    return Err(Error::invalid(field, message));
                }
            }
        }
        Ok(lexicon)
    }

    /// Parses a manager's assignment: `tugaskan H12 B`, the code of the lead and the label of the agent.
    pub(super) fn read_assignment(&self, body: &str) -> Option<(String, String)> {
        let words = words(body);
        let length = longest(&self.assign, &words)?;
        match &words[length..] {
            [code, label] if is_code(code) => Some((code.to_uppercase(), label.to_uppercase())),
            _ => None,
        }
    }

    /// Parses a message. It has an intent only if it consists of known phrases and at most one code, and is not
    /// a question: "ok?" is no OK, nor is "tidak ok" or "ok nanti".
    pub(super) fn read(&self, body: &str) -> Said {
        let nothing = Said {
            intent: Intent::Other,
            code: None,
        };
        if body.contains('?') {
            return nothing;
        }
        let words = words(body);
        let mut rest = words.as_slice();
        let mut intent = None;
        let mut code = None;
        while let [word, after @ ..] = rest {
            // The longest phrase wins: `siap kerja` is not `siap`.
            let known = [(&self.ok, Intent::Ok), (&self.decline, Intent::Decline)];
            let commands = self
                .commands
                .iter()
                .map(|(one, known)| (known, Intent::Command(*one)));
            let heard = known
                .into_iter()
                .chain(commands)
                .filter_map(|(known, intent)| Some((longest(known, rest)?, intent)))
                .max_by_key(|(length, _)| *length);
            if let Some((length, meant)) = heard {
                if *intent.get_or_insert(meant) != meant {
                    return nothing;
                }
                rest = &rest[length..];
            } else if let Some(length) = longest(&self.polite, rest) {
                rest = &rest[length..];
            } else if is_code(word) && code.is_none() {
                code = Some(word.to_uppercase());
                rest = after;
            } else {
                return nothing;
            }
        }
        match intent {
            Some(intent) => Said { intent, code },
            None => nothing,
        }
    }

    /// Parses a reaction to an offer: one emoji. An empty reaction was removed.
    pub(super) fn read_reaction(&self, emoji: &str) -> Intent {
        self.read(emoji).intent
    }
}

/// The longest phrase at the start of `words`, in words.
fn longest(known: &[Phrase], words: &[String]) -> Option<usize> {
    known
        .iter()
        .filter(|phrase| words.starts_with(phrase))
        .map(Vec::len)
        .max()
}

fn phrases(list: &str) -> Vec<Phrase> {
    list.split(',')
        .map(words)
        .filter(|words| !words.is_empty())
        .collect()
}

/// A letter and a number, as offers show it: `A17`.
fn is_code(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && (1..=9).contains(&characters.clone().count())
        && characters.all(|c| c.is_ascii_digit())
}

/// Splits a message into words and emoji: compatibility forms folded, lower case, without punctuation, skin
/// tones and presentation selectors.
fn words(body: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in body.nfkc() {
        if c.is_alphanumeric() {
            if !in_word {
                words.push(String::new());
            }
            in_word = true;
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
            continue;
        }
        in_word = false;
        let modifies = matches!(
            c,
            '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{200d}'
        );
        if !modifies && !c.is_ascii() && !is_punctuation(c) && !c.is_whitespace() && !c.is_control()
        {
            words.push(c.to_string());
        }
    }
    words
}

/// Typographic marks that a phone's keyboard inserts instead of ASCII's.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '¡' | '¿' | '«' | '»' | '·')
}

#[cfg(test)]
mod tests;
