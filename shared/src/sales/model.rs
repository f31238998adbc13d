//! Agents and their order.

use crate::id::UserId;
use crate::phone::Phone;

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
}
