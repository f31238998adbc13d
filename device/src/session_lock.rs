//! One process has the session: the one with an advisory lock of the database, which is released if the process
//! dies. The other processes wait for it.

use shared::linked_device::HOLDER_LOCK;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const ASK_EVERY: Duration = Duration::from_millis(250);
const PING_EVERY: Duration = Duration::from_secs(1);
const PING_WITHIN: Duration = Duration::from_secs(5);

/// The lock. It is held as long as this value and its connection live.
pub(crate) struct SessionLock {
    connection: PgConnection,
}

impl SessionLock {
    /// Waits for the lock without a limit.
    pub(crate) async fn take(options: &PgConnectOptions) -> Self {
        // If this host vanishes, the server notices within seconds instead of hours.
        let options = options
            .clone()
            .application_name("property-lounge-device-holder")
            .options([
                ("tcp_keepalives_idle", "5"),
                ("tcp_keepalives_interval", "2"),
                ("tcp_keepalives_count", "3"),
            ]);
        let mut told = false;
        loop {
            match Self::try_to_take(&options, &mut told).await {
                Ok(hold) => return hold,
                Err(error) => {
                    tracing::warn!(%error, "device.waiting: the database is away");
                    sleep(ASK_EVERY).await;
                }
            }
        }
    }

    async fn try_to_take(options: &PgConnectOptions, told: &mut bool) -> sqlx::Result<Self> {
        let mut connection = options.connect().await?;
        loop {
            let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
                .bind(HOLDER_LOCK)
                .fetch_one(&mut connection)
                .await?;
            if taken {
                return Ok(Self { connection });
            }
            if !*told {
                *told = true;
                tracing::info!("device.standing_by: another process has the session");
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// The connection that has the lock. A statement on it fails if the lock is lost.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Returns when the lock is lost with its connection.
    pub(crate) async fn lost(&mut self) {
        loop {
            sleep(PING_EVERY).await;
            let ping = timeout(PING_WITHIN, self.connection.ping()).await;
            if !matches!(ping, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// Releases the lock.
    pub(crate) async fn release(self) {
        self.connection.close().await.ok();
    }
}
