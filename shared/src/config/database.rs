//! Where the data is.

use clap::Args;
use secrecy::SecretString;

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct Database {
    /// PostgreSQL, 15 or newer: `postgresql://user:password@host:port/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// How many connections this process opens. A worker uses half of them for its queue, and opens
    /// `WORKER_ROLL_CONNECTIONS` and one more.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=500))]
    pub database_connections: u32,
}
