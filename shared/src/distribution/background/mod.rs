//! What jobs and the sweep of the worker call: each operation combines the inbox, the endings and the
//! offers, and calls the provider outside of any transaction.

pub(crate) mod bulk;
pub(crate) mod deadline;
pub(crate) mod desk;
pub(crate) mod hand_over;
mod lead_lines;
pub(crate) mod lead_list;
pub(crate) mod repair;
pub(crate) mod sending;
