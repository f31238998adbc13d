//! What a client is told about a visit: booked, moved, cancelled.

use super::Appointment;
use crate::Result;
use crate::leads;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};

/// Tells the client about the visit as it is now, unless this text is switched off.
pub(super) async fn tell_client(
    work: &mut UnitOfWork<'_>,
    visit: &Appointment,
    text: Text,
) -> Result<()> {
    let lead = leads::by_id(work.connection, visit.lead_id).await?;
    let time = work.app.timezone.day_in_words(visit.starts_at);
    let values = [
        ("name", lead.display_name()),
        ("agent", visit.sales_name.as_str()),
        ("time", time.as_str()),
        ("place", visit.place.as_deref().unwrap_or("")),
    ];
    let Some(body) = work.app.texts.render_if_on(text, &values) else {
        return Ok(());
    };
    let Some(to) = leads::address_of(work.connection, &lead).await? else {
        return Ok(());
    };
    let draft = Draft::new(OutboundKind::ClientVisit, to, body).lead(lead.id);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}
