//! The board: every lead that is being distributed.

use super::model::{AttemptStatus, CycleStatus, Timestamp};
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use crate::shared_read::SharedRead;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::{App, distribution};
use uuid::Uuid;

pub struct Board;

/// The board of this process: many open screens ask for it at one moment and get one reading.
pub(crate) type SharedBoard = SharedRead<distribution::Board>;

/// The leads that are being distributed, and those that were in the last hour.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct BoardAnswer {
    /// The server's time, with which countdowns are to be measured.
    server_now: Timestamp,
    /// Since when the WhatsApp provider is frozen; while it is, no offer times out. Absent if it works.
    frozen_since: Option<Timestamp>,
    /// Cycles with an open offer.
    offered: i64,
    /// Held cycles.
    held: i64,
    /// Leads that were claimed in the last hour.
    claimed_last_hour: i64,
    /// Leads that became hangus in the last hour.
    hangus_last_hour: i64,
    /// The median time from a cycle's start to its claim in the last hour, in seconds.
    claim_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    claim_seconds_p90: Option<f64>,
    /// With open offers, the most urgent first (at most 200); then held (100); then ended in the last hour, the latest
    /// first (30).
    leads: Vec<BoardLead>,
}

/// A lead on the board.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct BoardLead {
    lead_id: Uuid,
    cycle_id: Uuid,
    status: CycleStatus,
    /// What started the cycle: `ad`, `chat` or `admin`.
    trigger: String,
    /// The client's name.
    name: Option<String>,
    /// The client's number, E.164.
    phone: Option<String>,
    source_ads: Option<String>,
    project: Option<String>,
    /// The queue; absent if it was deleted.
    queue: Option<String>,
    /// The code that managers write: `TUGASKAN H12 B`.
    code: Option<String>,
    /// The owner's name.
    owner: Option<String>,
    started_at: Timestamp,
    closed_at: Option<Timestamp>,
    /// When a held lead is released, if that is known.
    resume_at: Option<Timestamp>,
    /// The places in their order.
    seats: Vec<BoardSeat>,
    /// Who is offered the lead next if nobody answers, by user id: at most two, in order; empty unless an offer is open. In a
    /// queue that takes turns, other leads can change this.
    next: Vec<String>,
}

/// A place of a cycle, with its agent's last offer.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct BoardSeat {
    /// `A` … `F`.
    label: String,
    sales_id: String,
    name: String,
    /// The offer; absent if there was none.
    attempt_id: Option<Uuid>,
    status: Option<AttemptStatus>,
    assigned_at: Option<Timestamp>,
    /// An OK counts before this instant.
    ack_deadline_at: Option<Timestamp>,
    /// When the provider accepted the offer; until then it cannot time out.
    offer_accepted_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

#[OpenApi]
impl Board {
    /// The leads that are being distributed, with who had each, who has it and who follows
    ///
    /// Begin `GET /api/events` before you ask: what changes after that is told there.
    #[oai(path = "/api/board", method = "get", operation_id = "board", tag = Tag::Distribution)]
    async fn board(
        &self,
        app: Data<&App>,
        shared: Data<&SharedBoard>,
        _admin: AdminOnly,
    ) -> Result<BoardAnswer> {
        let board = shared.read(|| distribution::board(&app)).await?;
        Ok(Json(distribution::Board::clone(&board).into()))
    }
}

impl From<distribution::Board> for BoardAnswer {
    fn from(board: distribution::Board) -> Self {
        let figures = board.last_hour;
        Self {
            server_now: Timestamp(board.now),
            frozen_since: board.frozen_since.map(Timestamp),
            offered: figures.offered,
            held: figures.held,
            claimed_last_hour: figures.claimed,
            hangus_last_hour: figures.hangus,
            claim_seconds_p50: figures.claim_seconds_p50,
            claim_seconds_p90: figures.claim_seconds_p90,
            leads: board.leads.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<distribution::BoardRow> for BoardLead {
    fn from(row: distribution::BoardRow) -> Self {
        let lead = row.lead;
        Self {
            lead_id: lead.lead.0,
            cycle_id: lead.cycle.0,
            status: lead.status.into(),
            trigger: lead.trigger,
            name: lead.name,
            phone: lead.phone,
            source_ads: lead.source_ads,
            project: lead.project,
            queue: lead.queue,
            code: lead.code,
            owner: lead.owner,
            started_at: Timestamp(lead.started_at),
            closed_at: lead.closed_at.map(Timestamp),
            resume_at: lead.resume_at.map(Timestamp),
            seats: row.seats.into_iter().map(Into::into).collect(),
            next: row.next.into_iter().map(|agent| agent.0).collect(),
        }
    }
}

impl From<distribution::BoardSeat> for BoardSeat {
    fn from(seat: distribution::BoardSeat) -> Self {
        Self {
            label: seat.label,
            sales_id: seat.sales_id.0,
            name: seat.name,
            attempt_id: seat.attempt.map(|attempt| attempt.0),
            status: seat.status.map(Into::into),
            assigned_at: seat.assigned_at.map(Timestamp),
            ack_deadline_at: seat.ack_deadline_at.map(Timestamp),
            offer_accepted_at: seat.offer_accepted_at.map(Timestamp),
            closed_at: seat.closed_at.map(Timestamp),
        }
    }
}
