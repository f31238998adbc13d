//! Types of distribution: cycles, attempts, offers, messages and outcomes.

mod board;
mod cycle;
mod event_archive;
mod inbound_message;
mod inbox;
mod journey;
mod lead_form;
mod metrics;
mod offer;
mod outcome;
mod received_message;

pub use board::{Board, BoardLead, BoardRow, BoardSeat, LastHour};
pub(crate) use board::{BoardAgent, QueueSeat};
pub(crate) use cycle::Trigger;
pub use cycle::{Attempt, AttemptStatus, Cycle, CycleStatus, Round};
pub use event_archive::EventArchive;
pub use inbound_message::{Channel, InboundMessage};
pub(crate) use inbox::Waiting;
pub use inbox::{Handled, Inbox};
pub(crate) use journey::AskedSnapshot;
pub use journey::{CycleStory, Journey, LeadSnapshot};
pub use lead_form::Ad;
pub use metrics::{Metrics, Punctuality};
pub use offer::{Checked, Opened, Rolled};
pub(crate) use offer::{NOT_SENT, Offer};
pub use outcome::{Outcome, Report};
pub(crate) use received_message::ReceivedMessage;
