//! Oversight: the audit, the explanation of a lead, the simulation, the metrics and the views. These
//! modules read and call no transition. The summary queues its messages, and records that it did.

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod board;
pub(crate) mod explain;
pub(crate) mod forecast;
pub(crate) mod metrics;
pub(crate) mod prune;
pub(crate) mod simulate;
pub(crate) mod summary;
pub(crate) mod view;
