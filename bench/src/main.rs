//! Benchmarks: one subcommand each, which ends with one line of JSON.
//!
//! `cargo run --release -p bench -- lateness`

#![allow(clippy::print_stdout, reason = "a tool for a person at a terminal")]

mod all;
mod api_process;
mod baseline;
mod boards;
mod burst;
mod cluster;
mod compare;
mod desk;
mod erasure;
mod feed;
mod intake;
mod jobs;
mod large;
mod lateness;
mod lists;
mod overload;
mod percentiles;
mod pgbench;
mod statements;
mod twin;
mod upgrade;
mod workers;
mod workload;
mod year;

use clap::{Parser, Subcommand};

/// Measures Property Lounge.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    figure: Figure,
}

#[derive(Subcommand)]
enum Figure {
    /// How late an offer rolls: next offer committed − previous deadline.
    Lateness(lateness::Options),
    /// How many rolls a second, if many offers are due at one instant.
    Burst(burst::Options),
    /// How many offers and messages a second workers send.
    Jobs(jobs::Options),
    /// How many leads a second the api takes in, beside pgbench and the previous server's kind.
    Intake(intake::Options),
    /// How long the list and the dashboard take with years of leads.
    Lists(lists::Options),
    /// How soon a change through one api reaches a reader of another, and what idle readers cost.
    Feed(feed::Options),
    /// The desk in a browser: the first row on slow phones, the delay of the board, interactions, memory.
    Desk(desk::Options),
    /// How large a year of leads is, and how late offers roll beside it.
    Year(year::Options),
    /// What becomes of deadlines past the capacity.
    Overload(overload::Options),
    /// How late offers roll with many open deadlines over many old leads.
    Large(large::Options),
    /// What clients notice while a million leads are brought to this version's schema.
    Upgrade(upgrade::Options),
    /// Every figure several times: medians and spread in one table, kept in a file.
    All(all::Options),
    /// Two kept runs side by side: what moved, and what is noise.
    Compare(compare::Options),
    /// An api process, for benchmarks that need one.
    #[command(hide = true)]
    Api(Box<api_process::ApiProcess>),
    /// A worker process, for benchmarks that need one.
    #[command(hide = true)]
    Worker(Box<worker::config::Settings>),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().figure {
        Figure::Lateness(options) => lateness::measure(&options).await,
        Figure::Burst(options) => burst::measure(&options).await,
        Figure::Intake(options) => intake::measure(&options).await,
        Figure::Jobs(options) => jobs::measure(&options).await,
        Figure::Lists(options) => lists::measure(&options).await,
        Figure::Feed(options) => feed::measure(&options).await,
        Figure::Desk(options) => desk::measure(&options).await,
        Figure::Year(options) => year::measure(&options).await,
        Figure::Overload(options) => overload::measure(&options).await,
        Figure::Large(options) => large::measure(&options).await,
        Figure::Upgrade(options) => upgrade::measure(&options).await,
        Figure::All(options) => all::measure(&options),
        Figure::Compare(options) => compare::compare(&options),
        Figure::Api(process) => api_process::serve(&process.settings).await,
        Figure::Worker(settings) => workers::work(&settings).await,
    }
}
