//! Calendars that show visits: one trait, one file for each service.

mod google;
mod key;
mod mock;
mod port;

pub use google::GoogleCalendar;
pub use key::ServiceAccount;
pub use mock::MockCalendar;
pub use port::{Calendar, CalendarEvent};
