//! What an agent's message means.

mod absence;
mod asked;
mod phrases;
mod requests;
mod words;

pub(super) use absence::Absence;
pub use phrases::{
    ASSENT, ASSIGN, DECLINE, HELP, LEAVE, Lists, OK, PAUSE, POLITE, QUEUE, RESUME, SECOND_CHANCE,
    STOP, SUMMARY, VISIT_DONE, VISIT_NO_SHOW, VISIT_TO_MOVE,
};
pub(super) use requests::{AskedSummary, SaidOfVisit};

use crate::appointments::VisitOutcome;
use crate::local_time::Timezone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use words::{Phrase, starts_with, words};

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

/// An agent's message: its intent, and the offer that it names by its code or by its number in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) intent: Intent,
    pub(super) code: Option<String>,
    pub(super) number: Option<usize>,
}

impl Said {
    /// This intent, without the name of an offer.
    pub(super) fn bare(intent: Intent) -> Self {
        Self {
            intent,
            code: None,
            number: None,
        }
    }
}

/// The phrases that are understood; each can have several words.
#[derive(Clone, Debug)]
pub struct Lexicon {
    ok: Vec<Phrase>,
    assent: Vec<Phrase>,
    decline: Vec<Phrase>,
    polite: Vec<Phrase>,
    naming: Vec<Phrase>,
    commands: [(Command, Vec<Phrase>); 5],
    assign: Vec<Phrase>,
    stop: Vec<Phrase>,
    leave: Vec<Phrase>,
    summary: Vec<Phrase>,
    visits: [(VisitOutcome, Vec<Phrase>); 3],
}

/// The meaning of the phrase at the start of some words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    Means(Intent),
    Assent,
    /// The name of an offer must follow.
    Naming,
    Nothing,
}

/// The longest list that an agent is sent has fewer offers than this.
const MOST_LISTED: usize = 50;

impl Default for Lexicon {
    fn default() -> Self {
        Self::new(Lists::default()).expect("the defaults say something")
    }
}

impl Lexicon {
    /// Makes a lexicon from these lists. Fails if a phrase is in two lists with different meanings.
    pub fn new(lists: Lists<'_>) -> Result<Self> {
        let lexicon = Self {
            ok: phrases(lists.ok),
            assent: phrases(lists.assent),
            decline: phrases(lists.decline),
            polite: phrases(lists.polite),
            naming: phrases(phrases::NAMING),
            commands: [
                (Command::Help, phrases(lists.help)),
                (Command::Queue, phrases(lists.queue)),
                (Command::Pause, phrases(lists.pause)),
                (Command::Resume, phrases(lists.resume)),
                (Command::SecondChance, phrases(lists.second_chance)),
            ],
            assign: phrases(lists.assign),
            stop: phrases(lists.stop),
            leave: phrases(lists.leave),
            summary: phrases(lists.summary),
            visits: [
                (VisitOutcome::Done, phrases(lists.visit_done)),
                (VisitOutcome::NoShow, phrases(lists.visit_no_show)),
                (VisitOutcome::ToMove, phrases(lists.visit_to_move)),
            ],
        };
        if lexicon.ok.is_empty() {
            return Err(Error::invalid("LEXICON_OK", "has no word"));
        }
        lexicon.check()?;
        Ok(lexicon)
    }

    fn check(&self) -> Result<()> {
        let [help, queue, pause, resume, second_chance] =
            self.commands.each_ref().map(|(_, phrases)| phrases);
        let named = [
            ("LEXICON_OK", &self.ok),
            ("LEXICON_DECLINE", &self.decline),
            ("LEXICON_HELP", help),
            ("LEXICON_QUEUE", queue),
            ("LEXICON_PAUSE", pause),
            ("LEXICON_RESUME", resume),
            ("LEXICON_SECOND_CHANCE", second_chance),
            ("LEXICON_ASSIGN", &self.assign),
        ];
        for (index, (field, phrases)) in named.iter().enumerate() {
            for (other, others) in &named[..index] {
                if let Some(both) = phrases.iter().find(|phrase| others.contains(phrase)) {
                    let message = format!("`{}` is in {other} too", both.join(" "));
                    return Err(Error::invalid(field, message));
                }
            }
        }
        Ok(())
    }

    /// Whether a client asks for no more messages: the message consists of such a phrase and of
    /// words that say nothing else: `stop ya pak`.
    pub(super) fn is_stop(&self, body: &str) -> bool {
        let words = words(body);
        let mut rest = words.as_slice();
        let mut stops = false;
        while !rest.is_empty() {
            let stop = longest(&self.stop, rest);
            stops |= stop.is_some();
            let fillers = [&self.polite, &self.assent, &self.ok];
            let filler = fillers
                .into_iter()
                .filter_map(|known| longest(known, rest))
                .max();
            let Some(length) = stop.max(filler) else {
                return false;
            };
            rest = &rest[length..];
        }
        stops
    }

    /// Reads an absence with an end: `istirahat 2 jam`, `cuti sampai Jumat`. `None` if the message announces none, or
    /// says anything else too.
    pub(super) fn read_absence(
        &self,
        body: &str,
        now: DateTime<Utc>,
        zone: Timezone,
    ) -> Option<Absence> {
        let words = words(body);
        let mut said = words.as_slice();
        said = &said[longest(&self.polite, said).unwrap_or(0)..];
        let [_, _, pause, ..] = &self.commands;
        let leave = longest(&self.leave, said);
        let length = leave.or_else(|| longest(&pause.1, said))?;
        said = &said[length..];
        loop {
            let plain: Vec<&str> = said.iter().map(String::as_str).collect();
            let absence = if leave.is_some() {
                absence::leave(&plain, now, zone)
            } else {
                absence::pause(&plain, now, zone)
            };
            if absence.is_some() {
                return absence;
            }
            // `cuti sampai Jumat ya pak`
            let [rest @ .., last] = said else {
                return None;
            };
            let last = std::slice::from_ref(last);
            longest(&self.polite, last).or_else(|| longest(&self.assent, last))?;
            said = rest;
        }
    }

    /// Parses a message. It has an intent only if it consists of known phrases and of the name of at most one offer,
    /// and is not a question: "ok?" is no OK, nor is "gak ok" or "ok nanti". The name of an offer alone takes it.
    pub(super) fn read(&self, body: &str) -> Said {
        self.understood(body).unwrap_or(Said::bare(Intent::Other))
    }

    fn understood(&self, body: &str) -> Option<Said> {
        if body.contains([
            '?', '\u{ff1f}', '\u{61f}', '\u{203d}', '\u{2753}', '\u{2754}',
        ]) {
            return None;
        }
        let words = self.split(words(body));
        let mut rest = words.as_slice();
        let mut intent = None;
        let (mut assents, mut is_naming) = (false, false);
        let mut said = Said::bare(Intent::Ok);
        while !rest.is_empty() {
            // The longest phrase wins: `siap kerja` is not `siap`. `Dan 5` is no code.
            let heard = self.hear(rest);
            if let Some((length, heard)) = heard
                && !(length == 1 && named_offer(rest).is_some_and(|(_, length)| length == 2))
            {
                match heard {
                    Heard::Means(meant) if *intent.get_or_insert(meant) != meant => return None,
                    Heard::Means(_) | Heard::Nothing => {}
                    Heard::Assent => assents = true,
                    Heard::Naming => is_naming = true,
                }
                rest = &rest[length..];
                continue;
            }
            let (name, length) = named_offer(rest)?;
            if said.code.is_some() || said.number.is_some() {
                return None;
            }
            match name {
                Name::Code(code) => said.code = Some(code),
                Name::Number(number) => said.number = Some(number),
            }
            rest = &rest[length..];
        }
        let names = said.code.is_some() || said.number.is_some();
        if is_naming && !names {
            return None;
        }
        said.intent = intent.or((assents || names).then_some(Intent::Ok))?;
        Some(said)
    }

    /// The longest known phrase at the start of `words`, in words. Among phrases of one length, those with a meaning
    /// come first.
    fn hear(&self, words: &[String]) -> Option<(usize, Heard)> {
        let commands = self
            .commands
            .iter()
            .map(|(command, known)| (known, Heard::Means(Intent::Command(*command))));
        let lists = [
            (&self.polite, Heard::Nothing),
            (&self.naming, Heard::Naming),
            (&self.assent, Heard::Assent),
            (&self.decline, Heard::Means(Intent::Decline)),
            (&self.ok, Heard::Means(Intent::Ok)),
        ];
        lists
            .into_iter()
            .chain(commands)
            .filter_map(|(known, heard)| Some((longest(known, words)?, heard)))
            .max_by_key(|(length, _)| *length)
    }

    /// Splits `ok2` and `oka17` into the phrase and the offer's name.
    fn split(&self, words: Vec<String>) -> Vec<String> {
        let mut split = Vec::with_capacity(words.len());
        for word in words {
            let digits = word.len() - word.trim_start_matches(|c: char| !c.is_ascii_digit()).len();
            let (letters, number) = word.split_at(digits);
            let is_phrase = |letters: &str| longest(&self.ok, &[letters.to_owned()]).is_some();
            let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            let code_at = letters.char_indices().next_back().map_or(0, |(at, _)| at);
            if is_number && letters.chars().count() > 1 && is_phrase(letters) {
                split.extend([letters.to_owned(), number.to_owned()]);
            } else if is_number && code_at > 1 && is_phrase(&letters[..code_at]) {
                split.extend([letters[..code_at].to_owned(), word[code_at..].to_owned()]);
            } else {
                split.push(word);
            }
        }
        split
    }

    /// Parses a reaction to an offer: one emoji. An empty reaction was removed.
    pub(super) fn read_reaction(&self, emoji: &str) -> Intent {
        self.read(emoji).intent
    }
}

/// How a message names an offer.
enum Name {
    /// By its code: `A17`.
    Code(String),
    /// By its number in a list that was sent.
    Number(usize),
}

/// The name of an offer at the start of `words`, and its length in words: `a17`, `a 17`, `2`.
fn named_offer(words: &[String]) -> Option<(Name, usize)> {
    let [first, rest @ ..] = words else {
        return None;
    };
    if is_code(first) {
        return Some((Name::Code(first.to_uppercase()), 1));
    }
    if let Some(second) = rest.first()
        && is_code(&format!("{first}{second}"))
    {
        return Some((Name::Code(format!("{first}{second}").to_uppercase()), 2));
    }
    let number = first
        .parse()
        .ok()
        .filter(|number| (1..=MOST_LISTED).contains(number))?;
    Some((Name::Number(number), 1))
}

/// The longest phrase at the start of `words`, in words.
fn longest(known: &[Phrase], words: &[String]) -> Option<usize> {
    known
        .iter()
        .filter(|phrase| starts_with(words, phrase))
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

#[cfg(test)]
mod tests;
