//! What an agent's words ask for.

use crate::{Error, Result};
use unicode_normalization::UnicodeNormalization;

/// What an agent asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// To take the lead.
    Ok,
    /// To pass it on.
    Decline,
    /// Something that is about no offer.
    Command(Command),
    /// Nothing that we act on.
    Other,
}

/// What an agent may say beside taking and passing leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// What can I say?
    Help,
    /// Where do I stand?
    Queue,
    /// No more offers for now.
    Pause,
    /// Offers again.
    Resume,
    /// The lead that I was late for, if nobody took it.
    SecondChance,
}

/// What an agent said: the intent, and the code of the offer if one was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) intent: Intent,
    pub(super) code: Option<String>,
}

/// The words that are understood, each possibly several words long.
#[derive(Clone, Debug)]
pub struct Lexicon {
    ok: Vec<Phrase>,
    decline: Vec<Phrase>,
    polite: Vec<Phrase>,
    commands: [(Command, Vec<Phrase>); 5],
    assign: Vec<Phrase>,
}

type Phrase = Vec<String>;

/// Words that accept an offer (`LEXICON_OK`).
pub const OK: &str = "ok,oke,okay,okey,siap,gas,ambil,👍,✅";
/// Words that pass it on (`LEXICON_DECLINE`).
pub const DECLINE: &str = "lewati,lewat,pass,skip,👎";
/// Words that may stand beside either and change nothing (`LEXICON_POLITE`).
pub const POLITE: &str =
    "pak,bu,bapak,ibu,kak,mas,mbak,bang,bos,boss,gan,min,admin,ya,deh,dong,terima kasih,makasih,🙏";

/// Words that ask what can be said (`LEXICON_HELP`).
pub const HELP: &str = "bantuan,help,menu";
/// Words that ask where the agent stands (`LEXICON_QUEUE`).
pub const QUEUE: &str = "antrian,antrean";
/// Words that begin a break (`LEXICON_PAUSE`).
pub const PAUSE: &str = "istirahat,jeda";
/// Words that end it (`LEXICON_RESUME`).
pub const RESUME: &str = "siap kerja,mulai kerja,aktif";
/// Words that ask for a lead again that the agent was late for (`LEXICON_SECOND_CHANCE`).
pub const SECOND_CHANCE: &str =
    "beri saya kesempatan lagi,beri kesempatan lagi,beri kesempatan,kesempatan";
/// Words by which a manager gives a lead to an agent: `tugaskan H12 B` (`LEXICON_ASSIGN`).
pub const ASSIGN: &str = "tugaskan,assign";

/// The lists of phrases that a lexicon is made of, each separated by commas.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'list> {
    /// Words that accept an offer.
    pub ok: &'list str,
    /// Words that pass it on.
    pub decline: &'list str,
    /// Words that may stand beside any other.
    pub polite: &'list str,
    /// Words that ask what can be said.
    pub help: &'list str,
    /// Words that ask where the agent stands.
    pub queue: &'list str,
    /// Words that begin a break.
    pub pause: &'list str,
    /// Words that end it.
    pub resume: &'list str,
    /// Words that ask for a lead again.
    pub second_chance: &'list str,
    /// Words by which a manager gives a lead to an agent.
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
    /// The lexicon of these lists. A phrase that would mean two things is refused.
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

    /// Reads a manager's word: `tugaskan H12 B`, the code of the lead and the label of the agent.
    pub(super) fn read_assignment(&self, body: &str) -> Option<(String, String)> {
        let words = words(body);
        let length = longest(&self.assign, &words)?;
        match &words[length..] {
            [code, label] if is_code(code) => Some((code.to_uppercase(), label.to_uppercase())),
            _ => None,
        }
    }

    /// Reads a message. It means something only if it is made of known phrases and at most one
    /// offer's code, and if it does not ask: "ok?" is no OK, nor is "tidak ok" or "ok nanti".
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
            // The longest phrase wins: `siap kerja` is no `siap`.
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

    /// Reads a reaction to an offer: a single emoji; an empty one was taken back.
    pub(super) fn read_reaction(&self, emoji: &str) -> Intent {
        self.read(emoji).intent
    }
}

/// The longest phrase that `words` begin with, in words.
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

/// A message cut into words and emoji: compatibility forms folded, case and punctuation gone, skin
/// tones and presentation selectors dropped.
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

/// Typographic marks that a phone's keyboard puts in the place of ASCII's.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '¡' | '¿' | '«' | '»' | '·')
}

#[cfg(test)]
mod tests;
