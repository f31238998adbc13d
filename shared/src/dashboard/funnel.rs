//! The funnel: how many leads of a period reached each step, by source, campaign or project.

use super::model::{Period, Slice};
use crate::pipeline::{CAMPAIGN, Step};
use crate::{App, Result};
use sqlx::{FromRow, PgConnection, QueryBuilder};

/// By what a funnel is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By the lead's source.
    Source,
    /// By the campaign of the lead's first enquiry that names one.
    Campaign,
    /// By the lead's project.
    Project,
}

impl Grouping {
    fn expression(self) -> &'static str {
        match self {
            Self::Source => "l.source_ads",
            Self::Campaign => CAMPAIGN,
            Self::Project => "l.project",
        }
    }
}

/// How many leads reached each step. See [`Step`] for what a step is.
#[derive(Clone, Debug, Default, FromRow, PartialEq, Eq)]
pub struct FunnelRow {
    /// The source, campaign or project. `None` in the total, and for leads that have none.
    pub value: Option<String>,
    /// Leads without a mark.
    pub leads: i64,
    /// Offered to an agent.
    pub offered: i64,
    /// Claimed with an OK.
    pub claimed: i64,
    /// Given to an agent by hand, and not claimed.
    pub assigned: i64,
    /// The client was contacted.
    pub contacted: i64,
    /// A visit is booked or took place.
    pub visit: i64,
    /// Sold.
    pub won: i64,
    /// Lost.
    pub lost: i64,
    /// Hangus, also if an agent got it afterwards.
    pub hangus: i64,
}

/// The funnel of the leads that were created in a period.
#[derive(Clone, Debug)]
pub struct Funnel {
    /// All leads.
    pub total: FunnelRow,
    /// The largest fifty groups; empty if none were asked for.
    pub groups: Vec<FunnelRow>,
    /// Why leads were lost. A lead without a reason is under the id `""`.
    pub lost_reasons: Vec<Slice>,
}

/// The funnel of a period.
pub async fn funnel(app: &App, period: Period, by: Option<Grouping>) -> Result<Funnel> {
    let mut connection = app.pool.acquire().await?;
    let total = rows(&mut connection, period, None).await?;
    Ok(Funnel {
        total: total.into_iter().next().unwrap_or_default(),
        groups: match by {
            Some(_) => rows(&mut connection, period, by).await?,
            None => Vec::new(),
        },
        lost_reasons: lost_reasons(&mut connection, period).await?,
    })
}

async fn rows(
    connection: &mut PgConnection,
    period: Period,
    by: Option<Grouping>,
) -> Result<Vec<FunnelRow>> {
    let (from, to) = period.instants()?;
    let columns: Vec<String> = [
        ("leads", Step::Lead),
        ("offered", Step::Offered),
        ("claimed", Step::Claimed),
        ("assigned", Step::Assigned),
        ("contacted", Step::Contacted),
        ("visit", Step::Visit),
        ("won", Step::Won),
        ("lost", Step::Lost),
        ("hangus", Step::Hangus),
    ]
    .into_iter()
    .map(|(name, step)| format!("count(*) filter (where {}) as {name}", step.condition()))
    .collect();
    let value = by.map_or("null::text", Grouping::expression);
    let (group, having) = match by {
        Some(_) => (
            "group by 1",
            "having count(*) filter (where l.mark is null) > 0",
        ),
        None => ("", ""),
    };
    let mut query = QueryBuilder::new(format!(
        "select {value} as value, {} from lead l where l.created_at >= ",
        columns.join(", ")
    ));
    query
        .push_bind(from)
        .push(" and l.created_at < ")
        .push_bind(to);
    query.push(format!(" {group} {having} order by 2 desc, 1 limit 50"));
    let rows = query
        .build_query_as()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

async fn lost_reasons(connection: &mut PgConnection, period: Period) -> Result<Vec<Slice>> {
    let (from, to) = period.instants()?;
    Ok(sqlx::query_as!(
        Slice,
        r#"select coalesce(r.id, '') as "id!", coalesce(r.label, '') as "label!", count(*) as "count!"
           from lead l left join rejected_reason r on r.id = l.rejected_reason_id
           where l.created_at >= $1 and l.created_at < $2 and l.progress = 'lost' and l.mark is null
           group by r.id order by 3 desc, 1"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?)
}
