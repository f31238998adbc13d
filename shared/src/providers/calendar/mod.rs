//! Where visits are written down for people to see: one trait, a file an outside world.

mod google;
mod key;
mod mock;
mod port;

pub use google::GoogleCalendar;
pub use key::ServiceAccount;
pub use mock::MockCalendar;
pub use port::{Calendar, CalendarEvent};
