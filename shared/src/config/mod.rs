//! Every setting, in groups that both binaries flatten. The doc comment is the help text, the
//! environment variable is the seed's; `.env.example` lists them all (a test compares the two).

mod calendar;
mod cloud;
mod device;

pub use calendar::Appointments;
pub use cloud::Cloud;
pub use device::Device;

use crate::distribution::lexicon::{self, Lexicon, Lists};
use crate::local_time::Timezone;
use crate::phone::Phone;
use crate::texts::{Text, Texts};
use crate::{Error, Result};
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use std::time::Duration;

/// Where the data lives.
#[derive(Args, Clone, Debug)]
pub struct Database {
    /// PostgreSQL, 15 or newer: `postgresql://user:password@host:port/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// How many connections this process keeps for its own transactions.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=500))]
    pub database_connections: u32,
}

/// What is logged, and how.
#[derive(Args, Clone, Debug)]
pub struct Telemetry {
    /// Which lines are logged: a level, or directives as `info,sqlx=warn`.
    #[arg(
        long,
        env = "LOG",
        default_value = "info,apalis=warn,apalis_core=warn,apalis_postgres=warn"
    )]
    pub log: String,
    /// `text` for a person, `json` for a machine.
    #[arg(long, env = "LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// One line for a person.
    Text,
    /// One JSON object a line.
    Json,
}

/// How leads are distributed.
#[derive(Args, Clone, Copy, Debug)]
pub struct Distribution {
    /// How long an agent has to answer OK, in seconds; fractions are allowed.
    #[arg(id = "distribution_ack_seconds", long = "distribution-ack-seconds", env = "DISTRIBUTION_ACK_SECONDS", default_value = "300", value_parser = seconds)]
    pub ack_window: Duration,
    /// The longest time between two sweeps for deadlines that no alarm rang for, in milliseconds.
    #[arg(id = "distribution_poll_ms", long = "distribution-poll-ms", env = "DISTRIBUTION_POLL_MS", default_value = "15000", value_parser = poll_milliseconds)]
    pub poll: Duration,
    /// Whether an offer hides what the client could be reached by until the agent has claimed.
    #[arg(id = "distribution_mask_offers", long = "distribution-mask-offers", env = "DISTRIBUTION_MASK_OFFERS", default_value_t = false, action = clap::ArgAction::Set)]
    pub mask_offers: bool,
}

/// Where the company is.
#[derive(Args, Clone, Copy, Debug)]
pub struct Company {
    /// The zone of Indonesia by whose days figures are counted and whose clock people read.
    #[arg(long, env = "COMPANY_TIMEZONE", default_value = "Asia/Jakarta", value_parser = timezone)]
    pub company_timezone: Timezone,
}

/// Which WhatsApp we speak through, and as whom.
#[derive(Args, Clone, Debug)]
pub struct WhatsApp {
    /// The provider of WhatsApp messages.
    #[arg(long, env = "WA_PROVIDER", default_value = "dummy")]
    pub wa_provider: ProviderKind,
    /// The company's own WhatsApp number, the sender of every message.
    #[arg(long, env = "PROPERTY_LOUNGE_WA", default_value = "+620000000000", value_parser = company_phone)]
    pub property_lounge_wa: Phone,
}

/// The providers by the seed's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Messages go nowhere; the dummy endpoints play the clients and the agents.
    Dummy,
    /// WhatsApp's Cloud API.
    CloudApi,
    /// A phone's WhatsApp, over the linked device: the `device` process.
    QrLocal,
}

/// What agents' words mean: lists of phrases, separated by commas. A message counts only if it is made
/// of these phrases, and perhaps an offer's code, alone.
#[derive(Args, Clone, Debug)]
pub struct Words {
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

impl Words {
    /// The lexicon that they make.
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

/// What clients and salespeople read. A text keeps its placeholders in braces; `\n` breaks a line.
#[derive(Args, Clone, Debug, Default)]
pub struct TextOverrides {
    /// To a client, once a cycle, when they wrote. No placeholders.
    #[arg(long, env = "TEXT_AUTO_REPLY")]
    pub text_auto_reply: Option<String>,
    /// To an agent: a lead is offered. {label} {code} {name} {phone} {project} {area} {source} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER")]
    pub text_offer: Option<String>,
    /// To the agent who claimed. {name} {phone} {source}
    #[arg(long, env = "TEXT_CLAIMED")]
    pub text_claimed: Option<String>,
    /// To an agent who passed. {name}
    #[arg(long, env = "TEXT_DECLINED")]
    pub text_declined: Option<String>,
    /// To an agent whose offer was taken back, somebody's earlier OK being heard late. {name} {owner}
    #[arg(long, env = "TEXT_WITHDRAWN")]
    pub text_withdrawn: Option<String>,
    /// To an agent whose OK came late, when somebody has the lead. {name} {deadline} {owner}
    #[arg(long, env = "TEXT_LATE_TAKEN")]
    pub text_late_taken: Option<String>,
    /// To an agent whose OK came late. {name} {deadline}
    #[arg(long, env = "TEXT_LATE")]
    pub text_late: Option<String>,
    /// To an agent whose OK fits several offers. {count} {offers} {code}
    #[arg(long, env = "TEXT_AMBIGUOUS")]
    pub text_ambiguous: Option<String>,
    /// To an agent who has no offer to accept. No placeholders.
    #[arg(long, env = "TEXT_NOTHING_OPEN")]
    pub text_nothing_open: Option<String>,
    /// To the owner of a lead whose client wrote again. {name} {phone} {message}
    #[arg(long, env = "TEXT_OWNER_CLIENT_WROTE")]
    pub text_owner_client_wrote: Option<String>,
    /// To the owner of a lead who filled in another ad. {name} {phone} {source}
    #[arg(long, env = "TEXT_OWNER_NEW_AD")]
    pub text_owner_new_ad: Option<String>,
    /// To an agent: here is a lead, without what it could be called by. {label} {code} {name} {project} {area} {source} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER_MASKED")]
    pub text_offer_masked: Option<String>,
    /// To every agent at once: the first OK wins. {label} {code} {name} {phone} {project} {area} {source} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER_LAST_ROUND")]
    pub text_offer_last_round: Option<String>,
    /// The same, without what the client could be called by. {label} {code} {name} {project} {area} {source} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER_LAST_ROUND_MASKED")]
    pub text_offer_last_round_masked: Option<String>,
    /// To an agent whose OK came late, for a lead that nobody took and they may still ask for. {name} {deadline} {code}
    #[arg(long, env = "TEXT_LATE_SECOND_CHANCE")]
    pub text_late_second_chance: Option<String>,
    /// To an agent whose offer or lead was given to somebody else by hand. {name} {owner}
    #[arg(long, env = "TEXT_HANDED_ON")]
    pub text_handed_on: Option<String>,
    /// To an agent who was given a lead by hand. {name} {phone} {source}
    #[arg(long, env = "TEXT_ASSIGNED")]
    pub text_assigned: Option<String>,
    /// To an agent: what they can say. {window}
    #[arg(long, env = "TEXT_HELP")]
    pub text_help: Option<String>,
    /// To an agent: where they stand, and which offers wait for them. {queue} {count} {offers}
    #[arg(long, env = "TEXT_QUEUE")]
    pub text_queue: Option<String>,
    /// A line of the above: a place in a queue. {queue} {place} {of} {label}
    #[arg(long, env = "TEXT_QUEUE_PLACE")]
    pub text_queue_place: Option<String>,
    /// The same, for an agent who is in no queue. No placeholders.
    #[arg(long, env = "TEXT_QUEUE_NONE")]
    pub text_queue_none: Option<String>,
    /// A line of the above: the agent is given no leads. No placeholders.
    #[arg(long, env = "TEXT_AWAY")]
    pub text_away: Option<String>,
    /// The same, with the end that is known. {until}
    #[arg(long, env = "TEXT_AWAY_UNTIL")]
    pub text_away_until: Option<String>,
    /// To an agent who takes a break. No placeholders.
    #[arg(long, env = "TEXT_PAUSED")]
    pub text_paused: Option<String>,
    /// To an agent whose break is over. No placeholders.
    #[arg(long, env = "TEXT_RESUMED")]
    pub text_resumed: Option<String>,
    /// To a manager: nobody took a lead. {name} {source} {code} {team}
    #[arg(long, env = "TEXT_MANAGER_HANGUS")]
    pub text_manager_hangus: Option<String>,
    /// To a manager: a lead waits, nobody can be asked. {name} {source} {code} {team}
    #[arg(long, env = "TEXT_MANAGER_HELD")]
    pub text_manager_held: Option<String>,
    /// To a manager who gave a lead to somebody. {name} {owner}
    #[arg(long, env = "TEXT_MANAGER_ASSIGNED")]
    pub text_manager_assigned: Option<String>,
    /// To a manager: the lead is taken. {name} {owner}
    #[arg(long, env = "TEXT_MANAGER_TAKEN")]
    pub text_manager_taken: Option<String>,
    /// To a manager: no such lead or agent. {code} {label}
    #[arg(long, env = "TEXT_MANAGER_UNKNOWN")]
    pub text_manager_unknown: Option<String>,
    /// To a manager who said something else. No placeholders.
    #[arg(long, env = "TEXT_MANAGER_HELP")]
    pub text_manager_help: Option<String>,
    /// To an agent for whom several leads wait (`cloud_api`). {count} {offers} {code}
    #[arg(long, env = "TEXT_OFFER_LIST")]
    pub text_offer_list: Option<String>,
    /// To a client who filled in an ad and has not written, if `WA_TEMPLATE_WELCOME` is set. {name}
    #[arg(long, env = "TEXT_WELCOME")]
    pub text_welcome: Option<String>,
    /// To an agent before a visit. {name} {phone} {agent} {time} {place}
    #[arg(long, env = "TEXT_REMINDER_AGENT")]
    pub text_reminder_agent: Option<String>,
    /// To a client before a visit. {name} {agent} {time} {place}
    #[arg(long, env = "TEXT_REMINDER_CLIENT")]
    pub text_reminder_client: Option<String>,
    /// To whom an admin sends a message to try the connection. No placeholders.
    #[arg(long, env = "TEXT_TEST")]
    pub text_test: Option<String>,
}

impl TextOverrides {
    /// The catalogue with these texts in place of the defaults.
    pub fn catalogue(self) -> Result<Texts> {
        let mut texts = Texts::default();
        let overrides = [
            (Text::AutoReply, self.text_auto_reply),
            (Text::Offer, self.text_offer),
            (Text::Claimed, self.text_claimed),
            (Text::Declined, self.text_declined),
            (Text::Withdrawn, self.text_withdrawn),
            (Text::Late, self.text_late),
            (Text::LateTaken, self.text_late_taken),
            (Text::Ambiguous, self.text_ambiguous),
            (Text::NothingOpen, self.text_nothing_open),
            (Text::OwnerClientWrote, self.text_owner_client_wrote),
            (Text::OwnerNewAd, self.text_owner_new_ad),
            (Text::OfferMasked, self.text_offer_masked),
            (Text::OfferLastRound, self.text_offer_last_round),
            (
                Text::OfferLastRoundMasked,
                self.text_offer_last_round_masked,
            ),
            (Text::LateSecondChance, self.text_late_second_chance),
            (Text::HandedOn, self.text_handed_on),
            (Text::Assigned, self.text_assigned),
            (Text::Help, self.text_help),
            (Text::Queue, self.text_queue),
            (Text::QueuePlace, self.text_queue_place),
            (Text::QueueNone, self.text_queue_none),
            (Text::Away, self.text_away),
            (Text::AwayUntil, self.text_away_until),
            (Text::Paused, self.text_paused),
            (Text::Resumed, self.text_resumed),
            (Text::ManagerHangus, self.text_manager_hangus),
            (Text::ManagerHeld, self.text_manager_held),
            (Text::ManagerAssigned, self.text_manager_assigned),
            (Text::ManagerTaken, self.text_manager_taken),
            (Text::ManagerUnknown, self.text_manager_unknown),
            (Text::ManagerHelp, self.text_manager_help),
            (Text::OfferList, self.text_offer_list),
            (Text::Welcome, self.text_welcome),
            (Text::ReminderAgent, self.text_reminder_agent),
            (Text::ReminderClient, self.text_reminder_client),
            (Text::Test, self.text_test),
        ];
        for (text, template) in overrides {
            if let Some(template) = template {
                texts.replace(text, &template)?;
            }
        }
        Ok(texts)
    }
}

fn seconds(given: &str) -> std::result::Result<Duration, String> {
    let seconds: f64 = given
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    // PostgreSQL keeps microseconds; a day is longer than any lead waits.
    if (0.001..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be between 0.001 and 86400 seconds".to_owned())
    }
}

fn poll_milliseconds(given: &str) -> std::result::Result<Duration, String> {
    let milliseconds: u64 = given
        .parse()
        .map_err(|_| "not a number of milliseconds".to_owned())?;
    if (100..=60_000).contains(&milliseconds) {
        Ok(Duration::from_millis(milliseconds))
    } else {
        Err("must be between 100 and 60000 milliseconds".to_owned())
    }
}

fn timezone(given: &str) -> std::result::Result<Timezone, String> {
    Timezone::ALL
        .into_iter()
        .find(|zone| zone.as_str() == given)
        .ok_or_else(|| "must be Asia/Jakarta, Asia/Makassar or Asia/Jayapura".to_owned())
}

fn company_phone(given: &str) -> std::result::Result<Phone, String> {
    // The seed's placeholder, +620000000000, is no number that anyone can have.
    Phone::from_e164(given)
        .map_or_else(|| Phone::from_human("PROPERTY_LOUNGE_WA", given), Ok)
        .map_err(|error: Error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{poll_milliseconds, seconds};
    use std::time::Duration;

    #[test]
    fn the_window_may_be_a_fraction_of_a_second() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert!(seconds("0").is_err());
        assert!(seconds("-1").is_err());
        assert!(seconds("NaN").is_err());
        assert!(seconds("five").is_err());
    }

    #[test]
    fn a_poll_that_would_never_come_is_refused() {
        assert_eq!(poll_milliseconds("15000"), Ok(Duration::from_secs(15)));
        assert!(poll_milliseconds("0").is_err());
        assert!(poll_milliseconds("3600000").is_err());
    }
}
