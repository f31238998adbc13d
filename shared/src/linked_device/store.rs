//! SQL of the linked device's row.

use super::{
    CHANNEL, Command, DEVICE_LOCK_CLASS, DesiredState, HOLDER_LOCK, Report, State, Status,
};
use crate::Result;
use crate::phone::Phone;
use sqlx::PgConnection;
use std::time::Duration;

pub(super) async fn status(connection: &mut PgConnection) -> Result<Status> {
    Ok(sqlx::query_as!(
        Status,
        r#"with locks as (
               select classid::bigint as class, objid::bigint as object, objsubid from pg_locks
               where locktype = 'advisory' and granted
                 and database = (select oid from pg_database where datname = current_database()))
           select d.desired = 'started' as "desired_started!", d.request, d.handled, d.state as "state: State", d.reason,
                  d.since, d.away_since, d.retrying, d.qr, d.qr_expires_at, d.pairing_code, d.number as "number: Phone",
                  d.last_error, d.last_error_at, d.last_received_at, d.last_sent_at, d.holder, d.seen_at,
                  (select count(*) from locks where objsubid = 2 and class = $1) as "devices_alive!",
                  exists (select from locks where objsubid = 1 and class = 0 and object = $2) as "is_held!",
                  clock_timestamp() as "now!"
           from linked_device d"#,
        i64::from(DEVICE_LOCK_CLASS),
        HOLDER_LOCK
    )
    .fetch_one(connection)
    .await?)
}

/// Locks the row against changes until the transaction ends.
pub(super) async fn share_row(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("select provider from linked_device for share")
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Stores a command and notifies the device. Returns the number of the command.
pub(super) async fn insert_command(connection: &mut PgConnection, command: Command) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"with commanded as (
               update linked_device set request = request + 1,
                   desired = case when $1 then 'stopped' else 'started' end,
                   restart_request = case when $2 then request + 1 else restart_request end,
                   reset_request = case when $3 then request + 1 else reset_request end
               returning request)
           select request as "request!" from commanded, pg_notify($4, '')"#,
        command == Command::Stop,
        command == Command::Restart,
        command == Command::Reset,
        CHANNEL
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn desired_state(connection: &mut PgConnection) -> Result<DesiredState> {
    Ok(sqlx::query_as!(
        DesiredState,
        r#"select request, handled, desired = 'started' as "started!", restart_request, reset_request
           from linked_device"#
    )
    .fetch_one(connection)
    .await?)
}

/// Returns `false` if the epoch is over. So do all functions below that take an epoch.
pub(super) async fn set_handled(
    connection: &mut PgConnection,
    epoch: i64,
    request: i64,
) -> Result<bool> {
    let done = sqlx::query!(
        "with fence as (select from linked_device_epoch where epoch = $1 for share)
         update linked_device set handled = greatest(handled, $2) from fence",
        epoch,
        request
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn report(
    connection: &mut PgConnection,
    epoch: i64,
    holder: &str,
    report: &Report,
) -> Result<bool> {
    let done = sqlx::query!(
        "with fence as (select from linked_device_epoch where epoch = $1 for share)
         update linked_device set
             state = $2, reason = $3, retrying = $4, qr = $5,
             qr_expires_at = clock_timestamp() + $6::float8 * interval '1 second', pairing_code = $7,
             number = coalesce($8, case when $2 in ('logged_out', 'scan_qr', 'pairing') then null else number end),
             since = case when state = $2 then since else clock_timestamp() end,
             away_since = case when $2 = 'connected' then null else coalesce(away_since, clock_timestamp()) end,
             last_error = coalesce($9, last_error),
             last_error_at = case when $9::text is null then last_error_at else clock_timestamp() end,
             holder = $10, seen_at = clock_timestamp()
         from fence",
        epoch,
        report.state.as_str(),
        report.reason,
        report.retrying,
        report.qr.as_ref().map(|(code, _)| code.as_str()),
        report.qr.as_ref().map(|(_, lasts)| lasts.as_secs_f64()),
        report.pairing_code,
        report.number.as_ref().map(Phone::as_str),
        report.error,
        holder
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn begin(connection: &mut PgConnection, epoch: i64, holder: &str) -> Result<bool> {
    let done = sqlx::query!(
        "with fence as (select from linked_device_epoch where epoch = $1 for share)
         update linked_device set holder = $2, seen_at = clock_timestamp(),
             state = case when retrying and state <> 'stopped' then 'starting' else state end,
             reason = case when retrying and state <> 'stopped' then 'taken over' else reason end,
             since = case when retrying and state not in ('stopped', 'starting') then clock_timestamp() else since end,
             away_since = coalesce(away_since, clock_timestamp()),
             qr = null, qr_expires_at = null, pairing_code = null
         from fence",
        epoch,
        holder
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn beat(
    connection: &mut PgConnection,
    epoch: i64,
    received: Option<Duration>,
    sent: Option<Duration>,
) -> Result<bool> {
    let done = sqlx::query!(
        "with fence as (select from linked_device_epoch where epoch = $1 for share)
         update linked_device set seen_at = clock_timestamp(),
             last_received_at = coalesce(clock_timestamp() - $2::float8 * interval '1 second', last_received_at),
             last_sent_at = coalesce(clock_timestamp() - $3::float8 * interval '1 second', last_sent_at)
         from fence",
        epoch,
        received.map(|ago| ago.as_secs_f64()),
        sent.map(|ago| ago.as_secs_f64())
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes the keys of the session with this person, whose rows are named by their number or id. WhatsApp agrees on new ones if
/// they write again.
pub(super) async fn forget_peer(connection: &mut PgConnection, peers: &[String]) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from linked_device_secret s
         where s.key ~ any($1) or s.sub ~ any($1)",
        peers
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
