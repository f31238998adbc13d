//! What an agent reads who gets a lead: how to reach the client, and what the offer did not show.

use super::chat_link::chat_link;
use super::offer_text::words_of_cycle;
use crate::Result;
use crate::distribution::store;
use crate::id::CycleId;
use crate::leads::Lead;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;

/// A text with the client's number, project and ad. `cycle` is the cycle whose words of the client are shown, if the
/// agent has not read them: an offer shows them, unless it is masked.
pub(crate) async fn owner_text(
    work: &mut UnitOfWork<'_>,
    text: Text,
    lead: &Lead,
    cycle: Option<CycleId>,
) -> Result<String> {
    let written = match cycle {
        Some(cycle) => {
            let words = store::words_of(work.connection, lead.id, cycle).await?;
            words_of_cycle(&work.app.texts, &words)
        }
        None => String::new(),
    };
    let values = [
        ("name", lead.display_name()),
        ("phone", lead.display_phone()),
        ("project", lead.project.as_deref().unwrap_or("")),
        ("source", lead.source_ads.as_deref().unwrap_or("")),
        ("message", &written),
        ("link", &chat_link(work.app, lead)),
    ];
    Ok(work.app.texts.render(text, &values))
}
