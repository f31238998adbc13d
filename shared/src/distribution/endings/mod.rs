//! Endings: everything that ends an offer or a cycle. The functions here know nothing of messages
//! that people write; `inbox` decides what a message means and calls them.

pub(crate) mod assign;
pub(crate) mod by_hand;
pub(crate) mod claim;
pub(crate) mod conflict;
pub(crate) mod decide;
pub(crate) mod decline;
pub(crate) mod distribute;
pub(crate) mod erase;
pub(crate) mod let_go;
pub(crate) mod merge;
pub(crate) mod roll;
pub(crate) mod stop;
pub(crate) mod undeliverable;
pub(crate) mod withdraw;
