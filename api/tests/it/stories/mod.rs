//! Whole journeys through both doors, by a manual clock.

mod absences;
mod admin;
mod agents_and_strangers;
mod availability;
mod by_hand;
mod clients_who_are_told;
mod clients_who_write_again;
mod deadlines;
mod desks;
mod disabled_agents;
mod duplicates;
mod export;
mod failures;
mod fair_clock;
mod freeze;
mod masked_offers;
pub(crate) mod pipeline;
mod replies;
mod rescue;
mod seed_walkthrough;
pub(crate) mod story;
mod summaries;
mod taking_turns;
mod team;
mod users;
mod which_offer;
mod words_of_offers;
