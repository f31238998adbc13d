//! Oversight: the audit, the explanation of a lead, the simulation, the metrics and the views. These
//! modules read. They call no transition.

pub(crate) mod audit;
pub(crate) mod explain;
pub(crate) mod metrics;
pub(crate) mod simulate;
pub(crate) mod view;
