//! Texts to agents about the work with their leads: lists, visits, cover, ready answers.

use crate::texts::Text;
use clap::Args;

/// Texts to agents about the work with their leads.
#[derive(Args, Clone, Debug, Default)]
pub struct WorkTexts {
    /// To an agent who owns leads of a list that somebody uploaded. {count} {leads}
    #[arg(long, env = "TEXT_LEADS_ENTERED")]
    pub text_leads_entered: Option<String>,
    /// The last line of a list that is cut. {count}
    #[arg(long, env = "TEXT_AND_MORE")]
    pub text_and_more: Option<String>,
    /// The first line of a client's words: how many earlier messages are left out. {count}
    #[arg(long, env = "TEXT_EARLIER_MESSAGES")]
    pub text_earlier_messages: Option<String>,
    /// In the line of a lead: its next visit. {time}
    #[arg(long, env = "TEXT_NEXT_VISIT")]
    pub text_next_visit: Option<String>,
    /// In place of a colleague's name: the leads went to the queue.
    #[arg(long, env = "TEXT_THE_QUEUE")]
    pub text_the_queue: Option<String>,
    /// In place of the name of a client who gave none.
    #[arg(long, env = "TEXT_NO_NAME")]
    pub text_no_name: Option<String>,
    /// To an agent after a visit: the question about its result. Empty: off. {name} {phone} {agent} {time} {place} {code}
    #[arg(long, env = "TEXT_VISIT_QUESTION")]
    pub text_visit_question: Option<String>,
    /// To an agent whose client came. {name}
    #[arg(long, env = "TEXT_VISIT_DONE")]
    pub text_visit_done: Option<String>,
    /// To an agent whose client did not come. {name}
    #[arg(long, env = "TEXT_VISIT_NO_SHOW")]
    pub text_visit_no_show: Option<String>,
    /// To an agent who is to book another time. {name}
    #[arg(long, env = "TEXT_VISIT_TO_MOVE")]
    pub text_visit_to_move: Option<String>,
    /// To an agent whose answer can be about several visits. {count} {leads} {word} {code}
    #[arg(long, env = "TEXT_VISIT_WHICH")]
    pub text_visit_which: Option<String>,
    /// To an agent who covers for the owner of a lead: the client wrote. {name} {phone} {owner} {count} {message}
    #[arg(long, env = "TEXT_COVER_CLIENT_WROTE")]
    pub text_cover_client_wrote: Option<String>,
    /// To an agent who sent a ready answer to a client. {name} {word}
    #[arg(long, env = "TEXT_SNIPPET_SENT")]
    pub text_snippet_sent: Option<String>,
    /// To an agent whose ready answer cannot be sent for them: a link to do it by hand. {name} {link}
    #[arg(long, env = "TEXT_SNIPPET_BY_HAND")]
    pub text_snippet_by_hand: Option<String>,
    /// To an agent who asked for a ready answer that does not exist. {word} {words}
    #[arg(long, env = "TEXT_SNIPPET_UNKNOWN")]
    pub text_snippet_unknown: Option<String>,
    /// To an agent who must say which client is meant. {word}
    #[arg(long, env = "TEXT_SNIPPET_TO_WHOM")]
    pub text_snippet_to_whom: Option<String>,
    /// To an agent whose client wants no messages. {name}
    #[arg(long, env = "TEXT_SNIPPET_REFUSED")]
    pub text_snippet_refused: Option<String>,
    /// To the owner of a lead: it goes to the queue of another project. {name} {project}
    #[arg(long, env = "TEXT_OTHER_PROJECT")]
    pub text_other_project: Option<String>,
}

impl WorkTexts {
    /// Each text with what replaces its default.
    pub(super) fn overrides(self) -> impl Iterator<Item = (Text, Option<String>)> {
        [
            (Text::LeadsEntered, self.text_leads_entered),
            (Text::AndMore, self.text_and_more),
            (Text::EarlierMessages, self.text_earlier_messages),
            (Text::NextVisit, self.text_next_visit),
            (Text::TheQueue, self.text_the_queue),
            (Text::NoName, self.text_no_name),
            (Text::VisitQuestion, self.text_visit_question),
            (Text::VisitDone, self.text_visit_done),
            (Text::VisitNoShow, self.text_visit_no_show),
            (Text::VisitToMove, self.text_visit_to_move),
            (Text::VisitWhich, self.text_visit_which),
            (Text::CoverClientWrote, self.text_cover_client_wrote),
            (Text::SnippetSent, self.text_snippet_sent),
            (Text::SnippetByHand, self.text_snippet_by_hand),
            (Text::SnippetUnknown, self.text_snippet_unknown),
            (Text::SnippetToWhom, self.text_snippet_to_whom),
            (Text::SnippetRefused, self.text_snippet_refused),
            (Text::OtherProject, self.text_other_project),
        ]
        .into_iter()
    }
}
