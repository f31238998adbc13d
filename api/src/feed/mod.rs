//! The live feed of this process: reads the changes once for all readers, and sends to each only what they
//! can see.
//!
//! A reader that is too slow for its buffer is disconnected. Its `Last-Event-ID` lets it continue.

use crate::auth::Viewer;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use shared::auth::{self, User};
use shared::live::{self, Change, Cursor};
use shared::{App, Result, metrics};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::Instant;

/// How often changes are read while there are readers.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// The pause after a failed read.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How often the sessions of the readers are checked. A session that ended ends its feeds.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// How many changes are read at once.
const BATCH: i64 = 500;
/// How many changes wait for a slow reader before it is disconnected.
const BUFFER: usize = 1024;
/// The most feeds of one user: tabs and devices.
const MOST_OF_A_USER: usize = 20;
/// The most feeds of this process.
const MOST: usize = 10_000;
/// A feed ends after this time. Its reader connects again, which checks the session again.
const LONGEST: Duration = Duration::from_secs(600);

/// The feed. Cheap to clone.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    app: App,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    readers: HashMap<u64, Reader>,
    next: u64,
    /// The position up to which changes were sent to readers; `None` without readers.
    place: Option<Cursor>,
    closed: bool,
}

struct Reader {
    user: User,
    session: String,
    changes: Sender<Arc<Change>>,
}

/// An item of a reader's feed.
#[derive(Clone, Debug)]
pub enum Told {
    /// The feed begins here.
    Hello(Cursor),
    /// Changes since the reader's last event cannot be read any more: read everything again.
    Reset(Cursor),
    /// Something changed.
    Changed(Arc<Change>),
}

/// Why a reader is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The user has too many feeds open.
    User,
    /// The process has too many feeds open.
    Process,
}

impl Feed {
    /// A feed without readers.
    pub fn new(app: App) -> Self {
        Self(Arc::new(Inner {
            app,
            state: Mutex::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every feed and accepts no more, because the process stops.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.readers.clear();
    }

    /// The changes that this viewer can see, from now on or after the position `last`. The feed ends when
    /// their session ends or their role changes.
    pub async fn read(
        &self,
        viewer: Viewer,
        last: Option<Cursor>,
    ) -> Result<std::result::Result<BoxStream<'static, Told>, Full>> {
        let now = live::now(&self.0.app).await?;
        let user = viewer.user.clone();
        let (nth, place, changes) = match self.register(viewer, now) {
            Ok(registered) => registered,
            Err(full) => return Ok(Err(full)),
        };
        let leaves = Leaves {
            feed: self.clone(),
            nth,
        };
        // A position after the present one counts as the present; another process may have read further than this
        // one.
        let start = last.map_or(place, |last| last.min(now.max(place)));
        let missed = if start >= place {
            stream::empty().boxed()
        } else if live::reaches_back_to(&self.0.app, start).await? {
            missed(self.0.app.clone(), user, start, place).boxed()
        } else {
            stream::once(async move { Told::Reset(place) }).boxed()
        };
        let told = stream::once(async move { Told::Hello(start) })
            .chain(missed)
            .chain(from_now_on(changes, start, leaves))
            .take_until(tokio::time::sleep(LONGEST));
        Ok(Ok(told.boxed()))
    }

    /// A reader's number, its start position, and its changes.
    fn register(
        &self,
        viewer: Viewer,
        now: Cursor,
    ) -> std::result::Result<(u64, Cursor, Receiver<Arc<Change>>), Full> {
        let Viewer {
            user, session_id, ..
        } = viewer;
        let mut state = self.state();
        let own = state
            .readers
            .values()
            .filter(|reader| reader.user.id == user.id);
        if own.count() >= MOST_OF_A_USER {
            return Err(Full::User);
        }
        if state.readers.len() >= MOST || state.closed {
            return Err(Full::Process);
        }
        let (changes, receiver) = mpsc::channel(BUFFER);
        let nth = state.next;
        state.next += 1;
        let reader = Reader {
            user,
            session: session_id,
            changes,
        };
        state.readers.insert(nth, reader);
        let place = if let Some(place) = state.place {
            place
        } else {
            state.place = Some(now);
            tokio::spawn(self.clone().look());
            now
        };
        Ok((nth, place, receiver))
    }

    /// Reads changes until there are no readers.
    async fn look(self) {
        let mut check_at = Instant::now() + CHECK_EVERY;
        loop {
            let Some(place) = self.place_of_readers() else {
                return;
            };
            if Instant::now() >= check_at {
                check_at = Instant::now() + CHECK_EVERY;
                if let Err(error) = self.end_feeds_without_session().await {
                    tracing::warn!(%error, "feed.sessions_not_checked");
                }
            }
            match live::since(&self.0.app, place, BATCH).await {
                Ok(changes) => {
                    let more = changes.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
                    self.tell(changes);
                    if !more {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "feed.blind");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Ends the feeds whose session ended, or whose user was disabled or has another role now.
    async fn end_feeds_without_session(&self) -> Result<()> {
        let sessions: Vec<String> = self
            .state()
            .readers
            .values()
            .map(|reader| reader.session.clone())
            .collect();
        let valid = auth::valid_sessions(&self.0.app, &sessions).await?;
        self.state().readers.retain(|_, reader| {
            // A feed that began after the question is checked the next time.
            !sessions.contains(&reader.session)
                || valid.get(&reader.session) == Some(&reader.user.role)
        });
        Ok(())
    }

    fn place_of_readers(&self) -> Option<Cursor> {
        let mut state = self.state();
        if state.readers.is_empty() {
            state.place = None;
        }
        state.place
    }

    fn tell(&self, changes: Vec<Change>) {
        let mut state = self.state();
        for change in changes {
            metrics::fed(change.written_ago);
            let change = Arc::new(change);
            state.readers.retain(|_, reader| {
                // A full buffer ends the feed. The reader connects again, from its last event.
                match change.told_to(&reader.user) {
                    Some(told) => reader.changes.try_send(told).is_ok(),
                    None => true,
                }
            });
            state.place = Some(change.cursor);
        }
    }
}

/// Removes the reader when the connection ends.
struct Leaves {
    feed: Feed,
    nth: u64,
}

impl Drop for Leaves {
    fn drop(&mut self) {
        self.feed.state().readers.remove(&self.nth);
    }
}

/// The changes after `start`: another process may have sent some of them.
fn from_now_on(
    changes: Receiver<Arc<Change>>,
    start: Cursor,
    leaves: Leaves,
) -> impl Stream<Item = Told> + Send {
    stream::unfold((changes, leaves), move |(mut changes, leaves)| async move {
        loop {
            let change = changes.recv().await?;
            if change.cursor > start {
                return Some((Told::Changed(change), (changes, leaves)));
            }
        }
    })
}

/// The changes after `last` up to `until`, page by page. A page that cannot be read ends the feed; the reader
/// connects again.
fn missed(app: App, user: User, last: Cursor, until: Cursor) -> impl Stream<Item = Told> + Send {
    let pages = stream::unfold((app, Some(last)), move |(app, after)| async move {
        let page = match live::since(&app, after?, BATCH).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "feed.blind");
                return None;
            }
        };
        let next = page
            .last()
            .map(|change| change.cursor)
            .filter(|cursor| *cursor < until);
        Some((page, (app, next)))
    });
    pages
        .flat_map(stream::iter)
        .take_while(move |change| std::future::ready(change.cursor <= until))
        .filter_map(move |change| {
            std::future::ready(Arc::new(change).told_to(&user).map(Told::Changed))
        })
}
