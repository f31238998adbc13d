//! A word a day: each manager reads what happened in their queues, and on Mondays what happened in the week before.

use crate::distribution::offers::mask;
use crate::distribution::store;
use crate::id::QueueId;
use crate::jobs::{SendSummary, enqueue};
use crate::local_time::{Timezone, date_in_words};
use crate::phone::Phone;
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Result};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};

/// A period of whole days, up to now if it has not ended.
struct Period {
    name: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Period {
    fn day(zone: Timezone, day: NaiveDate, now: DateTime<Utc>) -> Self {
        Self {
            name: date_in_words(day),
            from: zone.instant(day, NaiveTime::MIN),
            to: zone.end_of(day).min(now),
        }
    }

    /// The seven days before `day`.
    fn week_before(zone: Timezone, day: NaiveDate) -> Self {
        let (first, last) = (day - Days::new(7), day - Days::new(1));
        Self {
            name: format!(
                "minggu {} sampai {}",
                date_in_words(first),
                date_in_words(last)
            ),
            from: zone.instant(first, NaiveTime::MIN),
            to: zone.instant(day, NaiveTime::MIN),
        }
    }
}

/// Enqueues the next summary, if they are switched on. One job a day, however many processes enqueue it.
pub async fn plan_summary(app: &App) -> Result<()> {
    let Some(at) = app.summary_at else {
        return Ok(());
    };
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let today = app.timezone.day(now);
    let (day, due) = [today, today + Days::new(1)]
        .map(|day| (day, app.timezone.instant(day, at)))
        .into_iter()
        .find(|(_, due)| *due > now)
        .unwrap_or((today, now));
    enqueue(&mut connection, &SendSummary { day }, due).await
}

/// Sends the summary of a day to each manager, and on a Monday that of the week before. Safe any number of times.
pub async fn send_summary(app: &App, day: NaiveDate) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let managers = store::managers_for_summary(&mut connection).await?;
    drop(connection);
    for manager in managers {
        let Some(to) = Phone::from_e164(&manager.number) else {
            continue;
        };
        let mut transaction = app.begin().await?;
        let mut work = UnitOfWork::start(app, &mut transaction, Cause::Alarm).await?;
        let today = Period::day(app.timezone, day, work.now);
        let mut periods = vec![("day", today)];
        if day.weekday() == Weekday::Mon {
            periods.push(("week", Period::week_before(app.timezone, day)));
        }
        for (kind, period) in periods {
            if store::record_summary(work.connection, &manager.number, day, kind).await? {
                let body = text(&mut work, &manager.queues, &period).await?;
                let draft = Draft::new(OutboundKind::Summary, &to, body);
                whatsapp::queue_message(&mut work, &draft).await?;
            }
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// The summary of today until now, for a manager who asks for it.
pub(crate) async fn summary_of_today(
    work: &mut UnitOfWork<'_>,
    queues: &[QueueId],
) -> Result<String> {
    let zone = work.app.timezone;
    let today = Period::day(zone, zone.day(work.now), work.now);
    text(work, queues, &today).await
}

async fn text(work: &mut UnitOfWork<'_>, queues: &[QueueId], period: &Period) -> Result<String> {
    let zone = work.app.timezone;
    let tomorrow = zone.day(work.now) + Days::new(1);
    let next_day = (
        zone.instant(tomorrow, NaiveTime::MIN),
        zone.end_of(tomorrow),
    );
    let times = (period.from, period.to);
    let figures = store::queue_figures(work.connection, queues, times, next_day).await?;
    let names: Vec<_> = figures
        .hangus_names
        .iter()
        .map(|name| mask::name(work.app, Some(name)))
        .collect();
    let silent = figures
        .silent
        .zip(figures.silent_offers)
        .map_or_else(String::new, |(name, offers)| format!("{name} ({offers})"));
    let values = [
        ("day", period.name.as_str()),
        ("leads", &figures.leads.to_string()),
        ("claimed", &figures.claimed.to_string()),
        ("quick", &figures.quick.to_string()),
        ("hangus", &figures.hangus.to_string()),
        ("names", &names.join(", ")),
        ("held", &figures.held.to_string()),
        ("visits", &figures.visits.to_string()),
        ("silent", &silent),
    ];
    Ok(work.app.texts.render(Text::Summary, &values))
}
