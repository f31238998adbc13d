//! What agents and managers can write.

use crate::Result;
use crate::distribution::lexicon::{self, Lexicon, Lists};
use clap::Args;

/// What agents and managers can write: lists of phrases, separated by commas. A message counts only if it
/// consists of these phrases, and of an offer's code if there is one.
#[derive(Args, Clone, Debug)]
pub struct LexiconPhrases {
    /// Words that accept an offer.
    #[arg(long, env = "LEXICON_OK", default_value = lexicon::OK)]
    pub lexicon_ok: String,
    /// Words that pass it on.
    #[arg(long, env = "LEXICON_DECLINE", default_value = lexicon::DECLINE)]
    pub lexicon_decline: String,
    /// Words that may stand beside either and change nothing.
    #[arg(long, env = "LEXICON_POLITE", default_value = lexicon::POLITE)]
    pub lexicon_polite: String,
    /// Words that ask what can be said.
    #[arg(long, env = "LEXICON_HELP", default_value = lexicon::HELP)]
    pub lexicon_help: String,
    /// Words that ask where the agent stands.
    #[arg(long, env = "LEXICON_QUEUE", default_value = lexicon::QUEUE)]
    pub lexicon_queue: String,
    /// Words that begin a break.
    #[arg(long, env = "LEXICON_PAUSE", default_value = lexicon::PAUSE)]
    pub lexicon_pause: String,
    /// Words that end it.
    #[arg(long, env = "LEXICON_RESUME", default_value = lexicon::RESUME)]
    pub lexicon_resume: String,
    /// Words that ask again for a lead that the agent was late for.
    #[arg(long, env = "LEXICON_SECOND_CHANCE", default_value = lexicon::SECOND_CHANCE)]
    pub lexicon_second_chance: String,
    /// Words by which a manager gives a lead to an agent: `tugaskan H12 B`.
    #[arg(long, env = "LEXICON_ASSIGN", default_value = lexicon::ASSIGN)]
    pub lexicon_assign: String,
}

impl LexiconPhrases {
    /// The lexicon with these phrases. Fails if a list is empty or a phrase is in two lists.
    pub fn lexicon(&self) -> Result<Lexicon> {
        Lexicon::new(Lists {
            ok: &self.lexicon_ok,
            decline: &self.lexicon_decline,
            polite: &self.lexicon_polite,
            help: &self.lexicon_help,
            queue: &self.lexicon_queue,
            pause: &self.lexicon_pause,
            resume: &self.lexicon_resume,
            second_chance: &self.lexicon_second_chance,
            assign: &self.lexicon_assign,
        })
    }
}
