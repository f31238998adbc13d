//! What agents and managers can write.

use crate::Result;
use crate::distribution::lexicon::{self, Lexicon, Lists};
use clap::Args;

/// What agents and managers can write: lists of phrases, separated by commas. A message counts only if it
/// consists of these phrases, and of an offer's code if there is one.
#[derive(Args, Clone, Debug)]
pub struct LexiconPhrases {
    /// Phrases that accept an offer.
    #[arg(long, env = "LEXICON_OK", default_value = lexicon::OK)]
    pub lexicon_ok: String,
    /// Phrases that accept an offer if the message says nothing else.
    #[arg(long, env = "LEXICON_ASSENT", default_value = lexicon::ASSENT)]
    pub lexicon_assent: String,
    /// Phrases that decline an offer.
    #[arg(long, env = "LEXICON_DECLINE", default_value = lexicon::DECLINE)]
    pub lexicon_decline: String,
    /// Phrases that can be added to either and change nothing.
    #[arg(long, env = "LEXICON_POLITE", default_value = lexicon::POLITE)]
    pub lexicon_polite: String,
    /// Phrases that ask for the commands.
    #[arg(long, env = "LEXICON_HELP", default_value = lexicon::HELP)]
    pub lexicon_help: String,
    /// Phrases that ask for the agent's places and open offers.
    #[arg(long, env = "LEXICON_QUEUE", default_value = lexicon::QUEUE)]
    pub lexicon_queue: String,
    /// Phrases that start a break.
    #[arg(long, env = "LEXICON_PAUSE", default_value = lexicon::PAUSE)]
    pub lexicon_pause: String,
    /// Phrases that end a break.
    #[arg(long, env = "LEXICON_RESUME", default_value = lexicon::RESUME)]
    pub lexicon_resume: String,
    /// Phrases that ask for a hangus lead for which the agent was late.
    #[arg(long, env = "LEXICON_SECOND_CHANCE", default_value = lexicon::SECOND_CHANCE)]
    pub lexicon_second_chance: String,
    /// Phrases with which a manager assigns a lead: `tugaskan H12 B`.
    #[arg(long, env = "LEXICON_ASSIGN", default_value = lexicon::ASSIGN)]
    pub lexicon_assign: String,
    /// Phrases that announce days off: `cuti sampai Jumat`.
    #[arg(long, env = "LEXICON_LEAVE", default_value = lexicon::LEAVE)]
    pub lexicon_leave: String,
    /// Words with which a manager asks for the summary, or switches it: `ringkasan off`.
    #[arg(long, env = "LEXICON_SUMMARY", default_value = lexicon::SUMMARY)]
    pub lexicon_summary: String,
    /// Phrases that say that a visit took place.
    #[arg(long, env = "LEXICON_VISIT_DONE", default_value = lexicon::VISIT_DONE)]
    pub lexicon_visit_done: String,
    /// Phrases that say that the client did not come to a visit.
    #[arg(long, env = "LEXICON_VISIT_NO_SHOW", default_value = lexicon::VISIT_NO_SHOW)]
    pub lexicon_visit_no_show: String,
    /// Phrases that say that a visit is to be booked for another time.
    #[arg(long, env = "LEXICON_VISIT_TO_MOVE", default_value = lexicon::VISIT_TO_MOVE)]
    pub lexicon_visit_to_move: String,
    /// Phrases with which a client asks for no more messages.
    #[arg(long, env = "LEXICON_STOP", default_value = lexicon::STOP)]
    pub lexicon_stop: String,
}

impl LexiconPhrases {
    /// The lexicon with these phrases. Fails if a list is empty or a phrase is in two lists.
    pub fn lexicon(&self) -> Result<Lexicon> {
        Lexicon::new(Lists {
            ok: &self.lexicon_ok,
            assent: &self.lexicon_assent,
            decline: &self.lexicon_decline,
            polite: &self.lexicon_polite,
            help: &self.lexicon_help,
            queue: &self.lexicon_queue,
            pause: &self.lexicon_pause,
            resume: &self.lexicon_resume,
            second_chance: &self.lexicon_second_chance,
            assign: &self.lexicon_assign,
            stop: &self.lexicon_stop,
            leave: &self.lexicon_leave,
            summary: &self.lexicon_summary,
            visit_done: &self.lexicon_visit_done,
            visit_no_show: &self.lexicon_visit_no_show,
            visit_to_move: &self.lexicon_visit_to_move,
        })
    }
}
