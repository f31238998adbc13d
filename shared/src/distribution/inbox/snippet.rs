//! An agent sends a ready answer to a client: `/harga`, with the client's message quoted, or `/harga 0812…`.
//!
//! It goes out from the company's number. After 24 hours without a word of the client Meta takes no text of ours, so the
//! agent gets a link to send it by hand. A client who wants no messages gets none.

use super::answer::{Answer, Verdict, answer};
use super::duplicate;
use crate::distribution::model::{Outcome, ReceivedMessage, Report};
use crate::distribution::offers::chat_link;
use crate::distribution::store;
use crate::leads::{self, Lead};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{Result, contacts, snippets};

/// A request for a ready answer.
pub(super) struct Wanted<'message> {
    word: String,
    /// What stands after the word: the client's number, or nothing.
    to: &'message str,
}

/// Reads a request: a slash, a word, and perhaps a number. `None` if the message is none.
pub(super) fn read(body: &str) -> Option<Wanted<'_>> {
    let rest = body.trim().strip_prefix('/')?;
    let (word, to) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    is_word.then(|| Wanted {
        word: word.to_lowercase(),
        to: to.trim(),
    })
}

/// Sends the ready answer, or says why not. Returns `None` if the message is a duplicate: the caller must roll back.
pub(super) async fn send(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    wanted: &Wanted<'_>,
) -> Result<Option<Report>> {
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    let lead = client_of(work, received, agent, wanted).await?;
    let project = lead.as_ref().and_then(|lead| lead.project.clone());
    let found = snippets::find(work.connection, &wanted.word, project.as_deref()).await?;
    let word = ("word", wanted.word.as_str());
    let Some(snippet) = found else {
        let known = snippets::words(work.connection, project.as_deref()).await?;
        let known: Vec<String> = known.iter().map(|word| format!("/{word}")).collect();
        let values = [word, ("words", &*known.join(", "))];
        return tell(work, received, Text::SnippetUnknown, &values).await;
    };
    let Some(lead) = lead else {
        return tell(work, received, Text::SnippetToWhom, &[word]).await;
    };
    let name = ("name", lead.display_name());
    let Some(to) = leads::address_of(work.connection, &lead).await? else {
        return tell(work, received, Text::SnippetToWhom, &[word]).await;
    };
    if contacts::wants_no_messages(work.connection, (&to, lead.id)).await? {
        return tell(work, received, Text::SnippetRefused, &[name]).await;
    }
    let body = snippet.filled_in(
        lead.name.as_deref().unwrap_or_default(),
        &agent.name,
        project.as_deref().unwrap_or_default(),
    );
    if !whatsapp::takes_any_text(work, &to).await? {
        let link = chat_link::link_with(&lead, &body);
        return tell(
            work,
            received,
            Text::SnippetByHand,
            &[name, ("link", &link)],
        )
        .await;
    }
    let report = tell(work, received, Text::SnippetSent, &[name, word]).await?;
    if report.is_some() {
        let draft = Draft::new(OutboundKind::Snippet, to, body)
            .lead(lead.id)
            .in_reply_to(received.id);
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(report)
}

async fn tell(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    text: Text,
    values: &[(&str, &str)],
) -> Result<Option<Report>> {
    let body = work.app.texts.render(text, values);
    let text = Answer::new(OutboundKind::SnippetAnswer, body);
    answer(work, received, Verdict::bare(Outcome::Snippet), text).await
}

/// The client that is meant, if the agent owns their lead: by the number, else by the quoted message, else the client who
/// wrote to this agent last.
async fn client_of(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    wanted: &Wanted<'_>,
) -> Result<Option<Lead>> {
    let lead = if wanted.to.is_empty() {
        match &received.message.quoted_message_id {
            Some(quoted) => store::lead_of_message(work.connection, quoted).await?,
            None => store::last_client_of(work.connection, &agent.id, work.now).await?,
        }
    } else {
        match Phone::from_human("phone", wanted.to) {
            Ok(phone) => leads::by_phone(work.connection, &phone).await?,
            Err(_) => None,
        }
    };
    let Some(lead) = lead else {
        return Ok(None);
    };
    let lead = leads::by_id(work.connection, lead).await?;
    Ok(Some(lead).filter(|lead| lead.owner.as_ref() == Some(&agent.id)))
}
