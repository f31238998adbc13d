//! The inbox: receives a message, decides who wrote it, about which offer and what it means, and
//! answers it. `endings` and `offers` do what was decided.

mod agent_command;
mod agent_reply;
mod answer;
mod bind;
mod burst;
pub(crate) mod by_hand;
mod client_message;
mod duplicate;
mod enquiry;
pub(crate) mod lead_form;
pub mod lexicon;
mod manager_reply;
mod new_clients;
mod news;
pub(crate) mod receive;
pub(crate) mod route;
mod snippet;
pub(crate) mod tap;
mod visit_answer;
