//! `api person`: everything that is stored of one person, shown and erased.

use super::actor::actor;
use super::print;
use clap::{Args, Subcommand};
use serde_json::json;
use shared::id::LeadId;
use shared::phone::Phone;
use shared::privacy::{self, KEPT, Sought};
use shared::{App, db};
use std::io::Write;
use uuid::Uuid;

/// Whose data.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Whose {
    /// The person's number, as typed.
    #[arg(long)]
    number: Option<String>,
    /// A lead of a person without a number.
    #[arg(long)]
    lead: Option<Uuid>,
}

impl Whose {
    fn sought(&self) -> anyhow::Result<Sought> {
        match (&self.number, self.lead) {
            (Some(number), _) => Ok(Sought::Phone(Phone::from_human("number", number)?)),
            (None, Some(lead)) => Ok(Sought::Lead(LeadId(lead))),
            (None, None) => anyhow::bail!("give --number or --lead"),
        }
    }
}

/// What `api person` does. Each is recorded with who typed it.
#[derive(Clone, Debug, Subcommand)]
pub enum Person {
    /// Print everything that is stored of a person, as JSON.
    Export {
        /// Whose data.
        #[command(flatten)]
        whose: Whose,
        /// Print a page for the person, in Indonesian (HTML).
        #[arg(long)]
        html: bool,
    },
    /// Erase a person. It cannot be taken back. Without `--yes` it says what would be erased, and erases nothing.
    Erase {
        /// Whose data.
        #[command(flatten)]
        whose: Whose,
        /// Why, for the record: who asked for it, and when.
        #[arg(long)]
        reason: String,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
}

/// Runs one of the commands. Fails if the database does, if the number is the company's or an agent's, or if a delivery that
/// names the person is not handled yet.
pub async fn run(app: &App, command: &Person) -> anyhow::Result<()> {
    match command {
        Person::Export { whose, html } => {
            let data = privacy::export(app, &actor(), &whose.sought()?).await?;
            if *html {
                let page = privacy::page(&data, app.timezone);
                return Ok(std::io::stdout().write_all(page.as_bytes())?);
            }
            Ok(print::json(&data)?)
        }
        Person::Erase {
            whose, yes: false, ..
        } => {
            let data = privacy::export(app, &actor(), &whose.sought()?).await?;
            let tables = data["data"].as_object().into_iter().flatten();
            let rows: Vec<Vec<String>> = tables
                .map(|(table, rows)| {
                    let count = rows.as_array().map_or(0, Vec::len);
                    vec![count.to_string(), table.clone()]
                })
                .collect();
            print::table(&["rows", "of"], &rows)?;
            Ok(print::line("nothing was erased; add --yes to erase")?)
        }
        Person::Erase {
            whose,
            reason,
            yes: true,
        } => {
            let (sought, by) = (whose.sought()?, actor());
            let erased = db::retry_once(|| privacy::erase(app, &by, &sought, reason)).await?;
            let kept = KEPT.map(|(what, why)| json!({ "what": what, "why": why }));
            Ok(print::json(&json!({ "erased": erased, "kept": kept }))?)
        }
    }
}
