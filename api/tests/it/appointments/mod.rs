//! Visits: booked, moved, called off, reminded of, and in a calendar that a fake Google keeps.

mod calendar;
mod google;
mod visits;
