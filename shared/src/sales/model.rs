//! Agents and their order.

use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::strategy::Strategy;

/// A person who is offered leads.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Their user id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Where offers go: `None` if there is no number, or none that can be dialled.
    pub phone: Option<Phone>,
}

/// A place in the sales queue.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who sits there.
    pub sales_id: UserId,
    /// What the place is called: `A` … `F`.
    pub label: String,
    /// Its share, where the queue is weighted.
    pub weight: i32,
}

/// A queue, as far as the beginning of a cycle needs it.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its id.
    pub queue: QueueId,
    /// Who is next in it.
    pub strategy: Strategy,
}

/// What is known of an enquiry that decides which queue it goes to.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The project that was asked about.
    pub project: Option<String>,
    /// The campaign whose ad it was.
    pub campaign: Option<String>,
    /// The ad.
    pub source: Option<String>,
}
