//! The result of an import.

/// How many rows were copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Users.
    pub users: u64,
    /// Passwords and other accounts.
    pub accounts: u64,
    /// Sessions.
    pub sessions: u64,
    /// Verification links that are not used yet.
    pub verifications: u64,
    /// Places in the queue.
    pub places: u64,
    /// Leads.
    pub leads: u64,
    /// Rows that were not copied: they exist here, their user does not exist, or they have expired.
    pub left: u64,
    /// The leads that could not be read, by their old id, with the reason. They are also counted above.
    pub unread: Vec<(String, String)>,
}
