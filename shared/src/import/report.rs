//! What an import did.

/// How many rows came over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// People.
    pub users: u64,
    /// Their passwords and other ways to sign in.
    pub accounts: u64,
    /// Logins that go on.
    pub sessions: u64,
    /// Links that were sent and not yet followed.
    pub verifications: u64,
    /// Places in the queue.
    pub places: u64,
    /// Leads.
    pub leads: u64,
    /// Rows left where they were: here already, of somebody who is not, or over.
    pub left: u64,
    /// Of these, the leads that could not be read, by their old id, with the reason.
    pub unread: Vec<(String, String)>,
}
