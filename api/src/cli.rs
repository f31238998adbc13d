//! The command line of the api binary.

use crate::commands::jobs::Jobs;
use crate::commands::leads::Leads;
use crate::commands::person::Person;
use crate::commands::user::User;
use crate::config::Settings;
use clap::{Args, Parser, Subcommand};
use secrecy::SecretString;
use shared::config::Database;
use shared::import::LeadColumns;
use std::path::PathBuf;

/// The HTTP server of Property Lounge.
#[derive(Debug, Parser)]
#[command(name = "api", version)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of the api binary.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve HTTP.
    Serve(Box<Settings>),
    /// Check the settings of `serve`, print every wrong one, and exit. Connects to nothing.
    Check(Box<Settings>),
    /// Apply the migrations; create the database if it does not exist.
    Migrate(Database),
    /// Create Sales A to F and an admin in a database without users, and print their passwords.
    Seed(Box<Settings>),
    /// Copy users with their sessions, the queue and the leads from the previous server's database.
    Import(Box<Import>),
    /// Check what a running system needs, print what is wrong and what to do. Changes nothing. Exits with 1 if something is.
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The settings of `serve`.
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// After a restore, before a worker runs: end what was under way at the instant of the backup, so that nothing is sent a
    /// second time. Without `--yes` it only counts.
    AfterRestore {
        /// Do it.
        #[arg(long)]
        yes: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The settings of `serve`.
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Move the event log of leads to which nothing happened for a long time to a file. Without `--yes` it only counts.
    Archive(Archive),
    /// Look at jobs, queues and processes; try jobs again, discard them, pause queues.
    Jobs {
        /// What to do.
        #[command(subcommand)]
        command: Jobs,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
        /// The settings of `serve`.
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Look at what waits for a person, and at the story of a lead.
    Leads {
        /// What to do.
        #[command(subcommand)]
        command: Leads,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
        /// The settings of `serve`.
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Show or erase everything that is stored of one person.
    Person {
        /// What to do.
        #[command(subcommand)]
        command: Person,
        /// The settings of `serve`.
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Help a user who cannot sign in.
    User {
        /// What to do.
        #[command(subcommand)]
        command: User,
        /// The settings of `serve`.
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Print the OpenAPI document. Needs no database.
    Openapi,
    /// Ask a process on this host whether it is ready, for container images without a shell.
    Health {
        /// The port of the api or of a worker.
        #[arg(long, default_value_t = 3001)]
        port: u16,
    },
}

/// The settings of `api archive`.
#[derive(Args, Clone, Debug)]
pub struct Archive {
    /// The folder of the file. An existing file is never written to.
    #[arg(long, default_value = ".")]
    pub to: PathBuf,
    /// Events of leads that had one within so many days stay.
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u16).range(90..))]
    pub keep_days: u16,
    /// Do it.
    #[arg(long)]
    pub yes: bool,
    /// List the files that were written, and do nothing.
    #[arg(long)]
    pub list: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The database, as the role that owns the schema.
    #[command(flatten)]
    pub database: Database,
}

/// The settings of `api import`.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// The previous server's database.
    #[arg(long, env = "OLD_DATABASE_URL", hide_env_values = true)]
    pub old_database_url: SecretString,
    /// The columns of its `lead` table that have other names: `phone=nomor_wa,owner=agen_id`. Fields: phone, name,
    /// status, progress, owner, source, metaLead, layer2, reason, note.
    #[arg(long, env = "OLD_LEAD_COLUMNS", default_value = "")]
    pub old_lead_columns: LeadColumns,
    /// Try everything, write only the report.
    #[arg(long)]
    pub dry_run: bool,
    /// The file with a line for every row that is left or changed (tab-separated). It contains people's numbers.
    #[arg(long, default_value = "import-report.tsv")]
    pub report: PathBuf,
    /// The api's own settings.
    #[command(flatten)]
    pub settings: Settings,
}
