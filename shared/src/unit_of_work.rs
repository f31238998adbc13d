//! The unit of work: what every step of one operation needs, in one value.

use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// One operation that is under way in one transaction.
///
/// An operation opens a transaction, takes the locks that it needs, and then starts a unit of work.
/// [`UnitOfWork::start`] reads the clock, so the locks must be held before. All steps of the
/// operation write the same instant. The operation commits its transaction at the end.
pub struct UnitOfWork<'t> {
    /// The process: settings, texts, provider.
    pub app: &'t App,
    /// The connection that the transaction is open on.
    pub connection: &'t mut PgConnection,
    /// The instant of the operation. The clock was read once, after the locks were taken.
    pub now: DateTime<Utc>,
    /// What made the operation happen. The event log stores it.
    pub cause: Cause,
}

impl<'t> UnitOfWork<'t> {
    /// Reads the clock and starts the unit of work. Call this once the locks are held.
    ///
    /// Fails if the database does.
    pub async fn start(
        app: &'t App,
        connection: &'t mut PgConnection,
        cause: Cause,
    ) -> Result<Self> {
        let now = app.clock.now(connection).await?;
        Ok(Self::at(app, connection, now, cause))
    }

    /// Starts the unit of work at an instant that a statement has already read from the clock.
    pub fn at(
        app: &'t App,
        connection: &'t mut PgConnection,
        now: DateTime<Utc>,
        cause: Cause,
    ) -> Self {
        Self {
            app,
            connection,
            now,
            cause,
        }
    }

    /// Reads the clock again. An operation that takes its locks in the middle calls this after them.
    pub async fn refresh(&mut self) -> Result<()> {
        self.now = self.app.clock.now(self.connection).await?;
        Ok(())
    }

    /// When an offer that is made now ends: now plus `DISTRIBUTION_ACK_SECONDS`.
    pub fn deadline_of_an_offer(&self) -> DateTime<Utc> {
        self.now + self.app.distribution.ack_window
    }
}

/// What made an operation happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A client wrote or filled in a form.
    Enquiry,
    /// A job ran at its time: a deadline, or the release of a held lead.
    Alarm,
    /// The sweep found something that no job had handled.
    Sweep,
    /// An agent wrote.
    Agent,
    /// A manager wrote.
    Manager,
    /// An admin used the API.
    Admin,
    /// The WhatsApp provider reported something.
    Provider,
    /// The audit repaired a breach.
    Audit,
    /// A dummy endpoint was called.
    Dummy,
}

impl Cause {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enquiry => "enquiry",
            Self::Alarm => "alarm",
            Self::Sweep => "sweep",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::Provider => "provider",
            Self::Audit => "audit",
            Self::Dummy => "dummy",
        }
    }
}
