//! Lists of leads: an office uploads a file, sees what would become of each row, and has the rows entered.
//!
//! An upload enters nothing. It stores the rows with what would become of them. [`start`] enqueues the job that enters
//! them one by one ([`crate::distribution::enter_list`]), so a list of any length survives a stop of the process, and each
//! row says what became of it.

mod file;
mod model;
mod person;
mod store;

pub(crate) use model::Entered;
pub use model::{LARGEST_FILE, LeadList, ListRow, ListState, MOST_ROWS, RowState, Upload};
pub(crate) use person::{erase_person, person_rows};
pub(crate) use store::{Owner, end, entered_by_owner, next_ready, set_row};

use crate::address::Address;
use crate::auth::User;
use crate::id::UserId;
use crate::jobs::{EnterLeadList, enqueue};
use crate::leads::{self, Contact};
use crate::phone::Phone;
use crate::{App, Error, Result, sales};
use chrono::{DateTime, Utc};
use model::FileRow;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// The longest name, source or project, in characters.
const LONGEST: usize = 200;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 2000;

/// Stores a file with what would become of each row. Nothing is entered.
///
/// Fails with `Invalid` if the file is no table, names no column with the number, or has more than 5,000 rows, and with
/// `NotFound` if the owner does not exist.
pub async fn upload(app: &App, by: &User, upload: Upload) -> Result<LeadList> {
    let Upload {
        file_name,
        bytes,
        owner,
        source,
    } = upload;
    let read = tokio::task::spawn_blocking(move || file::read(&bytes)).await;
    let rows = read.map_err(|_| Error::invalid("file", "cannot be read"))??;
    let mut transaction = app.begin().await?;
    if let Some(owner) = &owner {
        sales::by_id(&mut transaction, owner).await?;
    }
    let now = app.clock.now(&mut transaction).await?;
    let id = Uuid::now_v7();
    let file_name = file_name.map(|name| crate::texts::one_line(&name));
    store::insert(&mut transaction, id, file_name.as_deref(), &by.id, now).await?;
    let agents = store::agents(&mut transaction).await?;
    let mut seen: HashMap<Phone, i32> = HashMap::new();
    let mut judged = Vec::with_capacity(rows.len());
    for row in rows {
        let defaults = (owner.as_ref(), source.as_deref());
        let row = judge(app, &mut transaction, row, defaults, &agents).await?;
        judged.push(first_of_its_number(row, &mut seen));
    }
    store::insert_rows(&mut transaction, id, &judged).await?;
    let list = store::one(&mut transaction, id).await?;
    transaction.commit().await?;
    tracing::info!(list = %id, by = %by.id, rows = judged.len(), "lead_lists.uploaded");
    Ok(list)
}

/// Begins to enter the rows of a list. Fails with the conflict `list_started` if it began before.
pub async fn start(app: &App, by: &User, id: Uuid) -> Result<LeadList> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    store::one(&mut transaction, id).await?;
    if !store::set_running(&mut transaction, id, now).await? {
        return Err(Error::Conflict {
            code: "list_started",
        });
    }
    enqueue(&mut transaction, &EnterLeadList { list: id, nth: 0 }, now).await?;
    let list = store::one(&mut transaction, id).await?;
    transaction.commit().await?;
    tracing::info!(list = %id, by = %by.id, "lead_lists.started");
    Ok(list)
}

/// Deletes a list that has not begun. Fails with the conflict `list_started` if it has.
pub async fn discard(app: &App, by: &User, id: Uuid) -> Result<()> {
    let mut transaction = app.begin().await?;
    store::one(&mut transaction, id).await?;
    if !store::delete_preview(&mut transaction, id).await? {
        return Err(Error::Conflict {
            code: "list_started",
        });
    }
    transaction.commit().await?;
    tracing::info!(list = %id, by = %by.id, "lead_lists.discarded");
    Ok(())
}

/// A list.
pub async fn one(app: &App, id: Uuid) -> Result<LeadList> {
    let mut connection = app.pool.acquire().await?;
    store::one(&mut connection, id).await
}

/// The latest lists, newest first.
pub async fn latest(app: &App) -> Result<Vec<LeadList>> {
    let mut connection = app.pool.acquire().await?;
    store::latest(&mut connection).await
}

/// Rows of a list in the order of the file, after row `after`, in one state or in any.
pub async fn rows(
    app: &App,
    id: Uuid,
    state: Option<RowState>,
    after: i32,
    limit: i64,
) -> Result<Vec<ListRow>> {
    let mut connection = app.pool.acquire().await?;
    store::one(&mut connection, id).await?;
    store::rows(&mut connection, id, (state, after, limit)).await
}

/// What would become of a row if it were entered now, whatever the other rows are.
async fn judge(
    app: &App,
    connection: &mut PgConnection,
    row: FileRow,
    (default_owner, default_source): (Option<&UserId>, Option<&str>),
    agents: &[Owner],
) -> Result<ListRow> {
    let cut = |text: Option<String>, longest: usize| {
        text.map(|text| {
            crate::texts::one_line(&text)
                .chars()
                .take(longest)
                .collect::<String>()
        })
    };
    let mut judged = ListRow {
        n: row.n,
        given_phone: row.phone.chars().take(LONGEST).collect(),
        phone: None,
        name: cut(row.name, LONGEST),
        source: cut(
            row.source.or_else(|| default_source.map(str::to_owned)),
            LONGEST,
        ),
        project: cut(row.project, LONGEST),
        note: row
            .note
            .map(|note| note.chars().take(LONGEST_NOTE).collect()),
        owner: default_owner.cloned(),
        state: RowState::Ready,
        reason: None,
        lead: None,
    };
    let refused = |mut row: ListRow, reason: String| {
        row.state = RowState::Refused;
        row.reason = Some(reason);
        Ok(row)
    };
    match Phone::from_human("phone", &row.phone) {
        Ok(phone) => judged.phone = Some(phone),
        Err(Error::Invalid { reason, .. }) => {
            return refused(judged, format!("number: {reason}"));
        }
        Err(error) => return Err(error),
    }
    if let Some(named) = row.owner {
        let named = named.to_lowercase();
        let mut fitting = agents.iter().filter(|agent| agent.is_called(&named));
        match (fitting.next(), fitting.next()) {
            (Some(agent), None) => judged.owner = Some(agent.id.clone()),
            (None, _) => return refused(judged, "no agent has this name, e-mail or id".to_owned()),
            _ => {
                return refused(
                    judged,
                    "several agents have this name: use the e-mail".to_owned(),
                );
            }
        }
    }
    let Some(phone) = judged.phone.clone() else {
        return Ok(judged);
    };
    match sales::check_is_no_number_of_ours(app, connection, &phone).await {
        Err(Error::Invalid { reason, .. }) => {
            return refused(judged, format!("number: {reason}"));
        }
        checked => checked?,
    }
    let contact = Contact::known_by(Address::from(&phone));
    if let Some(lead) = leads::find(connection, &contact).await? {
        judged.state = RowState::Duplicate;
        judged.reason = Some("a lead has this number".to_owned());
        judged.lead = Some(lead);
    }
    Ok(judged)
}

/// The row, or a duplicate if an earlier row has its number.
fn first_of_its_number(mut row: ListRow, seen: &mut HashMap<Phone, i32>) -> ListRow {
    let Some(phone) = row.phone.clone().filter(|_| row.state == RowState::Ready) else {
        return row;
    };
    match seen.get(&phone) {
        Some(first) => {
            row.state = RowState::Duplicate;
            row.reason = Some(format!("row {first} has this number"));
        }
        None => {
            seen.insert(phone, row.n);
        }
    }
    row
}

/// Enqueues the next batch of a list, at this instant.
pub(crate) async fn enqueue_next(
    connection: &mut PgConnection,
    list: Uuid,
    nth: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    enqueue(connection, &EnterLeadList { list, nth }, now).await?;
    Ok(())
}
