//! A lead given to an agent by hand: by an admin, by a manager's word, or because an agent who was
//! late asks for what nobody took.

use super::event::{Cause, Event, EventKind};
use super::model::CycleStatus;
use super::store;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::{self, Lead};
use crate::sales::{self, Agent};
use crate::texts::Text;
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// A lead that was given to somebody.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The lead.
    pub lead: LeadId,
    /// The offer that says so.
    pub attempt: AttemptId,
    /// Whose it is now.
    pub sales_id: UserId,
}

/// Gives a lead to an agent, whatever it was: offers that are open end and their agents are told, as
/// is an owner who loses it. Giving it to its owner changes nothing.
pub async fn assign(app: &App, lead: LeadId, agent: &UserId, by: &UserId) -> Result<Assigned> {
    let app = app.announcing();
    let mut transaction = app.pool.begin().await?;
    let lead = leads::lock(&mut transaction, lead).await?;
    let agent = sales::by_id(&mut transaction, agent).await?;
    let now = app.clock.now(&mut transaction).await?;
    let why = json!({ "by": by });
    let given = give(
        &app,
        &mut transaction,
        &lead,
        &agent,
        Cause::Admin,
        why,
        now,
    )
    .await?;
    transaction.commit().await?;
    tracing::info!(lead = %lead.id, sales = %agent.id, "distribution.assigned");
    Ok(given)
}

/// As [`assign`], in the caller's transaction, which holds the lead's lock.
pub(super) async fn give(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    agent: &Agent,
    cause: Cause,
    why: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<Assigned> {
    if lead.owner.as_ref() == Some(&agent.id)
        && let Some(attempt) = store::winning_attempt(connection, lead.id).await?
    {
        return Ok(Assigned {
            lead: lead.id,
            attempt,
            sales_id: agent.id.clone(),
        });
    }
    let cycle = close_cycle_for(connection, lead, now).await?;
    take_from_holders(
        app,
        connection,
        lead,
        &agent.name,
        Taken::ByHand,
        cause,
        now,
    )
    .await?;
    let attempt = AttemptId::new();
    let deadline = now + app.distribution.ack_window;
    store::insert_assigned(connection, attempt, cycle, agent, now, deadline).await?;
    leads::set_claimed(connection, lead.id, &agent.id, now).await?;
    let event = Event::new(EventKind::Assigned, cause, now)
        .of(lead.id, cycle)
        .to(attempt, &agent.id)
        .with(why);
    store::record(app, connection, &[event]).await?;
    if let Some(owner) = &lead.owner {
        let owner = sales::by_id(connection, owner).await?;
        let told = handed_on(app, lead, &agent.name);
        tell(
            app,
            connection,
            lead,
            &owner,
            OutboundKind::Withdrawn,
            told,
            (cycle, None),
            now,
        )
        .await?;
    }
    let client = [
        ("name", lead.display_name()),
        ("phone", lead.display_phone()),
        ("source", lead.display_source()),
    ];
    let told = app.texts.render(Text::Assigned, &client);
    let about = (cycle, Some(attempt));
    tell(
        app,
        connection,
        lead,
        agent,
        OutboundKind::Assigned,
        told,
        about,
        now,
    )
    .await?;
    Ok(Assigned {
        lead: lead.id,
        attempt,
        sales_id: agent.id.clone(),
    })
}

/// The cycle that ends with the assignment: the one under way, or the last if nobody took it, or one
/// of its own.
async fn close_cycle_for(
    connection: &mut PgConnection,
    lead: &Lead,
    now: DateTime<Utc>,
) -> Result<CycleId> {
    if let Some(cycle) = store::lock_assignable_cycle(connection, lead.id).await? {
        store::end_cycle_by_hand(connection, cycle, now).await?;
        return Ok(cycle);
    }
    store::insert_cycle_by_hand(connection, lead.id, CycleStatus::Assigned, now).await
}

/// Why an offer is taken from its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// An earlier agent's OK was heard late.
    EarlierOk,
    /// In the last round somebody else was quicker.
    Quicker,
    /// The lead was given to somebody by hand.
    ByHand,
    /// The client is one whom somebody has, or is being offered, already.
    Merged,
}

impl Taken {
    /// The attempt's `reason`.
    fn as_str(self) -> &'static str {
        match self {
            Self::EarlierOk => "earlier_ok",
            Self::Quicker => "quicker_ok",
            Self::ByHand => "assigned",
            Self::Merged => "merged",
        }
    }
}

/// Takes the lead's open offers from whoever holds them, and tells those who had been told of them.
pub(super) async fn take_from_holders(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    taker: &str,
    why: Taken,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<()> {
    for held in store::withdraw_open(connection, lead.id, why.as_str(), now).await? {
        let event = Event::new(EventKind::Withdrawn, cause, now)
            .of(lead.id, held.cycle)
            .to(held.attempt, &held.sales_id)
            .with(json!({ "reason": why.as_str() }));
        store::record(app, connection, &[event]).await?;
        if !whatsapp::offer_was_written(connection, held.attempt).await? {
            continue;
        }
        let holder = sales::by_id(connection, &held.sales_id).await?;
        let told = match why {
            Taken::ByHand => handed_on(app, lead, taker),
            Taken::EarlierOk | Taken::Quicker | Taken::Merged => {
                super::answer::withdrawn_text(app, lead, Some(taker))
            }
        };
        let about = (held.cycle, Some(held.attempt));
        tell(
            app,
            connection,
            lead,
            &holder,
            OutboundKind::Withdrawn,
            told,
            about,
            now,
        )
        .await?;
    }
    Ok(())
}

fn handed_on(app: &App, lead: &Lead, taker: &str) -> String {
    let name = super::mask::name_of(app, lead);
    app.texts
        .render(Text::HandedOn, &[("name", &name), ("owner", taker)])
}

#[allow(clippy::too_many_arguments, reason = "a message's parts, once")]
async fn tell(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    agent: &Agent,
    kind: OutboundKind,
    body: String,
    (cycle, attempt): (CycleId, Option<AttemptId>),
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(to) = agent.phone.clone() else {
        tracing::warn!(lead = %lead.id, sales = %agent.id, "whatsapp.unreachable: the agent has no number");
        return Ok(());
    };
    let draft = Draft {
        kind,
        to: to.into(),
        body,
        lead: Some(lead.id),
        cycle: Some(cycle),
        attempt,
        in_reply_to: None,
        short: None,
    };
    whatsapp::say(app, connection, &draft, now).await?;
    Ok(())
}
