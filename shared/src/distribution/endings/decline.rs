//! The decline: an agent passes on an offer, and the next agent is offered the lead at once.

use crate::Result;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::Offer;
use crate::distribution::offers::cycle;
use crate::distribution::store;
use crate::unit_of_work::UnitOfWork;

/// Ends the offer and offers the lead to the next agent. The offer must be locked by
/// [`super::claim::lock`]. Returns `false` if the offer is not open any more.
pub(crate) async fn decline(work: &mut UnitOfWork<'_>, offer: &Offer) -> Result<bool> {
    if !store::decline(work.connection, offer.attempt, work.now).await? {
        return Ok(false);
    }
    let declined = Event::new(EventKind::Declined).on(offer);
    store::log(work, &[declined]).await?;
    cycle::advance_cycle(work, offer).await?;
    Ok(true)
}
