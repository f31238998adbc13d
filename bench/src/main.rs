//! Benchmarks: one subcommand each, which ends with one line of JSON.
//!
//! `cargo run --release -p bench -- lateness`

#![allow(clippy::print_stdout, reason = "a tool for a person at a terminal")]

mod baseline;
mod cluster;
mod feed;
mod lateness;
mod lists;
mod percentiles;
mod workers;
mod workload;

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
    /// How long the list and the dashboard take with years of leads.
    Lists(lists::Options),
    /// How soon a change through one api reaches a reader of another, and what idle readers cost.
    Feed(feed::Options),
    /// An api process, for benchmarks that need one.
    #[command(hide = true)]
    Api(Box<feed::ApiProcess>),
    /// A worker process, for benchmarks that need one.
    #[command(hide = true)]
    Worker(Box<worker::config::Settings>),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().figure {
        Figure::Lateness(options) => lateness::measure(&options).await,
        Figure::Lists(options) => lists::measure(&options).await,
        Figure::Feed(options) => feed::measure(&options).await,
        Figure::Api(process) => feed::serve(&process.settings).await,
        Figure::Worker(settings) => workers::work(&settings).await,
    }
}
