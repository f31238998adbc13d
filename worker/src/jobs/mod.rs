//! The handlers: one file a job. Each calls one operation of `shared`. `run.rs` runs a handler.

mod assign_leads;
mod check_ack_deadline;
mod enter_lead_list;
mod fetch_meta_lead;
mod forward_lead_to_sales;
mod hand_over;
mod handle_delivery;
mod reconcile_meta_leads;
mod release_held_leads;
mod remind_of_appointment;
pub(crate) mod run;
mod send_conversion;
mod send_message;
mod send_summary;
mod sync_appointment;
