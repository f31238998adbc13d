//! What clients and salespeople read.

use super::problems::Problems;
use crate::texts::{Text, Texts};
use clap::Args;

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
    ///
    /// Adds a problem for each text that is empty or has an unknown placeholder.
    pub fn catalogue(self, problems: &mut Problems) -> Texts {
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
                problems.check(texts.replace(text, &template));
            }
        }
        texts
    }
}
