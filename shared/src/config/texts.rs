//! The texts that people read.

use super::problems::Problems;
use super::work_texts::WorkTexts;
use crate::texts::{Text, Texts};
use clap::Args;

/// Texts that people read. A text keeps its placeholders in braces; `\n` is a line break.
#[derive(Args, Clone, Debug, Default)]
pub struct TextOverrides {
    /// To a client, once a cycle, after they wrote. No placeholders.
    #[arg(long, env = "TEXT_AUTO_REPLY")]
    pub text_auto_reply: Option<String>,
    /// To an agent: an offer. {title} {label} {code} {name} {phone} {project} {area} {source} {past} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER")]
    pub text_offer: Option<String>,
    /// To the agent who claimed a lead. `{link}` opens the chat with the client. {name} {phone} {project} {source} {message} {link}
    #[arg(long, env = "TEXT_CLAIMED")]
    pub text_claimed: Option<String>,
    /// To an agent who declined. {name}
    #[arg(long, env = "TEXT_DECLINED")]
    pub text_declined: Option<String>,
    /// To an agent whose offer was withdrawn, because an earlier OK was handled late. {name} {owner}
    #[arg(long, env = "TEXT_WITHDRAWN")]
    pub text_withdrawn: Option<String>,
    /// To an agent whose OK came late, if another agent owns the lead. {name} {deadline} {owner}
    #[arg(long, env = "TEXT_LATE_TAKEN")]
    pub text_late_taken: Option<String>,
    /// To an agent whose OK came late. {name} {deadline}
    #[arg(long, env = "TEXT_LATE")]
    pub text_late: Option<String>,
    /// To an agent whose OK matches several offers. `{word}` is the verb that they used. {count} {offers} {word} {code}
    #[arg(long, env = "TEXT_AMBIGUOUS")]
    pub text_ambiguous: Option<String>,
    /// To an agent who has no offer. No placeholders.
    #[arg(long, env = "TEXT_NOTHING_OPEN")]
    pub text_nothing_open: Option<String>,
    /// To the owner of a lead: the client wrote. {name} {phone} {message}
    #[arg(long, env = "TEXT_OWNER_CLIENT_WROTE")]
    pub text_owner_client_wrote: Option<String>,
    /// To the owner of a lead: the client submitted another form. {name} {phone} {project} {source}
    #[arg(long, env = "TEXT_OWNER_NEW_AD")]
    pub text_owner_new_ad: Option<String>,
    /// To an agent: an offer without the client's name and number. {title} {label} {code} {name} {project} {area} {source} {past} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER_MASKED")]
    pub text_offer_masked: Option<String>,
    /// To all agents at once: the first OK claims. {title} {label} {code} {name} {phone} {project} {area} {source} {past} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER_LAST_ROUND")]
    pub text_offer_last_round: Option<String>,
    /// The same, without the client's name and number. {title} {label} {code} {name} {project} {area} {source} {past} {message} {window} {deadline}
    #[arg(long, env = "TEXT_OFFER_LAST_ROUND_MASKED")]
    pub text_offer_last_round_masked: Option<String>,
    /// To an agent whose OK came late, for a hangus lead that they can still claim. {name} {deadline} {code}
    #[arg(long, env = "TEXT_LATE_SECOND_CHANCE")]
    pub text_late_second_chance: Option<String>,
    /// To an agent whose offer or lead was assigned to another agent. {name} {owner}
    #[arg(long, env = "TEXT_HANDED_ON")]
    pub text_handed_on: Option<String>,
    /// To an agent who was assigned a lead. {name} {phone} {project} {source} {message} {link}
    #[arg(long, env = "TEXT_ASSIGNED")]
    pub text_assigned: Option<String>,
    /// To an agent: the commands. {window}
    #[arg(long, env = "TEXT_HELP")]
    pub text_help: Option<String>,
    /// To an agent: their places and open offers. {queue} {count} {offers}
    #[arg(long, env = "TEXT_QUEUE")]
    pub text_queue: Option<String>,
    /// A line of the above: a place in a queue. {queue} {place} {of} {label}
    #[arg(long, env = "TEXT_QUEUE_PLACE")]
    pub text_queue_place: Option<String>,
    /// The same, for an agent without a place. No placeholders.
    #[arg(long, env = "TEXT_QUEUE_NONE")]
    pub text_queue_none: Option<String>,
    /// A line of the above: the agent is not available. No placeholders.
    #[arg(long, env = "TEXT_AWAY")]
    pub text_away: Option<String>,
    /// The same, if it is known until when. {until}
    #[arg(long, env = "TEXT_AWAY_UNTIL")]
    pub text_away_until: Option<String>,
    /// To an agent who started a break. No placeholders.
    #[arg(long, env = "TEXT_PAUSED")]
    pub text_paused: Option<String>,
    /// To an agent who ended a break. No placeholders.
    #[arg(long, env = "TEXT_RESUMED")]
    pub text_resumed: Option<String>,
    /// To a manager: no agent took a lead. {name} {project} {source} {message} {code} {team}
    #[arg(long, env = "TEXT_MANAGER_HANGUS")]
    pub text_manager_hangus: Option<String>,
    /// To a manager: a lead is held because no agent is available. {name} {project} {source} {message} {code} {team}
    #[arg(long, env = "TEXT_MANAGER_HELD")]
    pub text_manager_held: Option<String>,
    /// To a manager who assigned a lead. {name} {owner}
    #[arg(long, env = "TEXT_MANAGER_ASSIGNED")]
    pub text_manager_assigned: Option<String>,
    /// To a manager: the lead has an owner. {name} {owner}
    #[arg(long, env = "TEXT_MANAGER_TAKEN")]
    pub text_manager_taken: Option<String>,
    /// To a manager: there is no such lead or agent. {code} {label}
    #[arg(long, env = "TEXT_MANAGER_UNKNOWN")]
    pub text_manager_unknown: Option<String>,
    /// To a manager whose message is not a command. No placeholders.
    #[arg(long, env = "TEXT_MANAGER_HELP")]
    pub text_manager_help: Option<String>,
    /// To an agent: several open offers, as a list (`cloud_api`). {count} {offers} {code}
    #[arg(long, env = "TEXT_OFFER_LIST")]
    pub text_offer_list: Option<String>,
    /// To a client who submitted a form and has not written, if `WA_TEMPLATE_WELCOME` is set. {name}
    #[arg(long, env = "TEXT_WELCOME")]
    pub text_welcome: Option<String>,
    /// To an agent before a visit. {name} {phone} {agent} {time} {place}
    #[arg(long, env = "TEXT_REMINDER_AGENT")]
    pub text_reminder_agent: Option<String>,
    /// To a client before a visit. {name} {agent} {time} {place}
    #[arg(long, env = "TEXT_REMINDER_CLIENT")]
    pub text_reminder_client: Option<String>,
    /// The test message of an admin. No placeholders.
    #[arg(long, env = "TEXT_TEST")]
    pub text_test: Option<String>,
    /// To an agent whose user is disabled and who answers an offer. No placeholders.
    #[arg(long, env = "TEXT_DISABLED")]
    pub text_disabled: Option<String>,
    /// To an agent who gets the leads of a disabled agent. {count} {agent} {leads}
    #[arg(long, env = "TEXT_HANDED_OVER")]
    pub text_handed_over: Option<String>,
    /// To the owner of a lead: the client wrote several messages. {name} {phone} {count} {message}
    #[arg(long, env = "TEXT_OWNER_CLIENT_WROTE_MANY")]
    pub text_owner_client_wrote_many: Option<String>,
    /// To an agent whose offer WhatsApp accepted too late: it was withdrawn before. {name}
    #[arg(long, env = "TEXT_OFFER_NOT_SENT")]
    pub text_offer_not_sent: Option<String>,
    /// To an agent whose offer is withdrawn because the client has another lead. {name}
    #[arg(long, env = "TEXT_WITHDRAWN_MERGED")]
    pub text_withdrawn_merged: Option<String>,
    /// To the owners of two leads that are one person. {name} {phone} {other}
    #[arg(long, env = "TEXT_OWNER_MERGE")]
    pub text_owner_merge: Option<String>,
    /// To a manager who assigns a lead to a disabled agent. {agent}
    #[arg(long, env = "TEXT_MANAGER_DISABLED")]
    pub text_manager_disabled: Option<String>,
    /// To a manager: an agent was disabled, and their leads wait for a decision. {agent} {count} {visits}
    #[arg(long, env = "TEXT_MANAGER_AGENT_DISABLED")]
    pub text_manager_agent_disabled: Option<String>,
    /// To a manager: a client wrote whose owner is disabled. {name} {count} {owner} {code} {team} {message}
    #[arg(long, env = "TEXT_MANAGER_CLIENT_WROTE")]
    pub text_manager_client_wrote: Option<String>,
    /// To a manager: two leads with different owners are one person. {name} {owner} {other}
    #[arg(long, env = "TEXT_MANAGER_MERGE")]
    pub text_manager_merge: Option<String>,
    /// To an agent with an open offer whose message was not understood. {count} {offers} {code}
    #[arg(long, env = "TEXT_OFFER_HINT")]
    pub text_offer_hint: Option<String>,
    /// To a manager: WhatsApp reports a danger to the account. {event} {about}
    #[arg(long, env = "TEXT_MANAGER_ACCOUNT")]
    pub text_manager_account: Option<String>,
    /// What an agent's link to a client writes into the chat. {name}
    #[arg(long, env = "TEXT_GREETING")]
    pub text_greeting: Option<String>,
    /// The title of an offer of a new client. No placeholders.
    #[arg(long, env = "TEXT_OFFER_NEW")]
    pub text_offer_new: Option<String>,
    /// The title of an offer of a client who was here before. No placeholders.
    #[arg(long, env = "TEXT_OFFER_RETURNING")]
    pub text_offer_returning: Option<String>,
    /// To a client: this agent claimed the lead. Empty: off. {name} {agent} {phone}
    #[arg(long, env = "TEXT_CLIENT_CLAIMED")]
    pub text_client_claimed: Option<String>,
    /// To a client: no agent took the lead. Empty: off. {name}
    #[arg(long, env = "TEXT_CLIENT_HANGUS")]
    pub text_client_hangus: Option<String>,
    /// To a client: nobody is on duty until this time. Empty: off. {name} {until}
    #[arg(long, env = "TEXT_CLIENT_HELD")]
    pub text_client_held: Option<String>,
    /// To a client: a visit was booked. Empty: off. {name} {agent} {time} {place}
    #[arg(long, env = "TEXT_CLIENT_VISIT_BOOKED")]
    pub text_client_visit_booked: Option<String>,
    /// To a client: a visit was moved. Empty: off. {name} {agent} {time} {place}
    #[arg(long, env = "TEXT_CLIENT_VISIT_MOVED")]
    pub text_client_visit_moved: Option<String>,
    /// To a client: a visit was cancelled. Empty: off. {name} {agent} {time}
    #[arg(long, env = "TEXT_CLIENT_VISIT_CANCELLED")]
    pub text_client_visit_cancelled: Option<String>,
    /// To an agent: the lead that they were offered or own was stopped. {name} {reason}
    #[arg(long, env = "TEXT_LEAD_STOPPED")]
    pub text_lead_stopped: Option<String>,
    /// To an agent who started a break with an end. {until}
    #[arg(long, env = "TEXT_PAUSED_UNTIL")]
    pub text_paused_until: Option<String>,
    /// To an agent who announced days off. {first} {last}
    #[arg(long, env = "TEXT_LEAVE_NOTED")]
    pub text_leave_noted: Option<String>,
    /// To an agent who ended a break and is not offered leads yet. {until} {reason}
    #[arg(long, env = "TEXT_RESUMED_LATER")]
    pub text_resumed_later: Option<String>,
    /// To an agent whose leads were handed over to a colleague or to the queue. {count} {agent} {leads}
    #[arg(long, env = "TEXT_HANDED_AWAY")]
    pub text_handed_away: Option<String>,
    /// To an agent to whom an admin assigned many leads at once. {count} {leads}
    #[arg(long, env = "TEXT_ASSIGNED_MANY")]
    pub text_assigned_many: Option<String>,
    /// To a manager: forms that repeat each other wait for a look. {source}
    #[arg(long, env = "TEXT_MANAGER_BURST")]
    pub text_manager_burst: Option<String>,
    /// Texts to agents about the work with their leads.
    #[command(flatten)]
    pub work: WorkTexts,
    /// To a manager: the figures of a day or a week. {day} {leads} {claimed} {quick} {hangus} {names} {held} {visits} {silent}
    #[arg(long, env = "TEXT_SUMMARY")]
    pub text_summary: Option<String>,
    /// To a manager who switched summaries off. No placeholders.
    #[arg(long, env = "TEXT_SUMMARY_OFF")]
    pub text_summary_off: Option<String>,
    /// To a manager who switched summaries on. No placeholders.
    #[arg(long, env = "TEXT_SUMMARY_ON")]
    pub text_summary_on: Option<String>,
    /// Why a lead was stopped: an admin called it off. No placeholders.
    #[arg(long, env = "TEXT_REASON_STOPPED")]
    pub text_reason_stopped: Option<String>,
    /// Why a lead was stopped: it was a test. No placeholders.
    #[arg(long, env = "TEXT_REASON_TEST")]
    pub text_reason_test: Option<String>,
    /// Why a lead was stopped: nobody who could buy. No placeholders.
    #[arg(long, env = "TEXT_REASON_JUNK")]
    pub text_reason_junk: Option<String>,
    /// Why a lead was stopped: the client wants no messages. No placeholders.
    #[arg(long, env = "TEXT_REASON_OPTED_OUT")]
    pub text_reason_opted_out: Option<String>,
    /// Why an offer was stopped: the client's data are erased. No placeholders.
    #[arg(long, env = "TEXT_REASON_ERASED")]
    pub text_reason_erased: Option<String>,
    /// To an agent: delete an erased client from the phone. Placeholders: {ending}, the last digits of the number.
    #[arg(long, env = "TEXT_CLIENT_ERASED")]
    pub text_client_erased: Option<String>,
    /// Why an agent gets no offers: their working hours. No placeholders.
    #[arg(long, env = "TEXT_REASON_OFF_HOURS")]
    pub text_reason_off_hours: Option<String>,
    /// Why an agent gets no offers: a holiday. No placeholders.
    #[arg(long, env = "TEXT_REASON_HOLIDAY")]
    pub text_reason_holiday: Option<String>,
    /// Why an agent gets no offers: the cap of a day. No placeholders.
    #[arg(long, env = "TEXT_REASON_CAP_PER_DAY")]
    pub text_reason_cap_per_day: Option<String>,
    /// Why an agent gets no offers: the cap of open leads. No placeholders.
    #[arg(long, env = "TEXT_REASON_CAP_OPEN")]
    pub text_reason_cap_open: Option<String>,
    /// When an agent at the cap of open leads gets offers again. No placeholders.
    #[arg(long, env = "TEXT_UNTIL_LEAD_ENDS")]
    pub text_until_lead_ends: Option<String>,
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
            (Text::Disabled, self.text_disabled),
            (Text::HandedOver, self.text_handed_over),
            (
                Text::OwnerClientWroteMany,
                self.text_owner_client_wrote_many,
            ),
            (Text::OfferNotSent, self.text_offer_not_sent),
            (Text::WithdrawnMerged, self.text_withdrawn_merged),
            (Text::OwnerMerge, self.text_owner_merge),
            (Text::ManagerDisabled, self.text_manager_disabled),
            (Text::ManagerAgentDisabled, self.text_manager_agent_disabled),
            (Text::ManagerClientWrote, self.text_manager_client_wrote),
            (Text::ManagerMerge, self.text_manager_merge),
            (Text::OfferHint, self.text_offer_hint),
            (Text::ManagerAccount, self.text_manager_account),
            (Text::Greeting, self.text_greeting),
            (Text::OfferNew, self.text_offer_new),
            (Text::OfferReturning, self.text_offer_returning),
            (Text::ClientClaimed, self.text_client_claimed),
            (Text::ClientHangus, self.text_client_hangus),
            (Text::ClientHeld, self.text_client_held),
            (Text::ClientVisitBooked, self.text_client_visit_booked),
            (Text::ClientVisitMoved, self.text_client_visit_moved),
            (Text::ClientVisitCancelled, self.text_client_visit_cancelled),
            (Text::LeadStopped, self.text_lead_stopped),
            (Text::PausedUntil, self.text_paused_until),
            (Text::LeaveNoted, self.text_leave_noted),
            (Text::ResumedLater, self.text_resumed_later),
            (Text::HandedAway, self.text_handed_away),
            (Text::AssignedMany, self.text_assigned_many),
            (Text::ManagerBurst, self.text_manager_burst),
            (Text::Summary, self.text_summary),
            (Text::SummaryOff, self.text_summary_off),
            (Text::SummaryOn, self.text_summary_on),
            (Text::ReasonStopped, self.text_reason_stopped),
            (Text::ReasonTest, self.text_reason_test),
            (Text::ReasonJunk, self.text_reason_junk),
            (Text::ReasonOptedOut, self.text_reason_opted_out),
            (Text::ReasonErased, self.text_reason_erased),
            (Text::ClientErased, self.text_client_erased),
            (Text::ReasonOffHours, self.text_reason_off_hours),
            (Text::ReasonHoliday, self.text_reason_holiday),
            (Text::ReasonCapPerDay, self.text_reason_cap_per_day),
            (Text::ReasonCapOpen, self.text_reason_cap_open),
            (Text::UntilLeadEnds, self.text_until_lead_ends),
        ];
        for (text, template) in overrides.into_iter().chain(self.work.overrides()) {
            if let Some(template) = template {
                problems.check(texts.replace(text, &template));
            }
        }
        texts
    }
}
