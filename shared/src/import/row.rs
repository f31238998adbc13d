//! Rows of the previous server's database.

use crate::auth::Role;
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// A row whose columns have `snake_case` or `camelCase` names.
pub(super) struct Row(pub(super) Value);

impl Row {
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        let mut camel = String::with_capacity(name.len());
        let mut capital = false;
        for c in name.chars() {
            if c == '_' {
                capital = true;
            } else if capital {
                camel.extend(c.to_uppercase());
                capital = false;
            } else {
                camel.push(c);
            }
        }
        let found = self.0.get(name).or_else(|| self.0.get(&camel));
        found.filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// The row's id, as text.
    pub(super) fn id(&self) -> String {
        match self.value("id") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => "-".to_owned(),
        }
    }

    /// Whether a number was written in another way than `0812…`, `62812…` or `+62812…`, with or without separators.
    pub(super) fn needs_care(typed: &str, phone: &Phone) -> bool {
        let plain: String = typed
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = phone.digits();
        let local = digits
            .strip_prefix("62")
            .map(|national| format!("0{national}"));
        plain != phone.as_str() && plain != digits && Some(plain) != local
    }

    pub(super) fn needed(&self, name: &'static str) -> Result<&str> {
        self.text(name)
            .ok_or_else(|| Error::invalid(name, "is missing in a row of the old database"))
    }

    /// Whether a flag is set; one that is missing is not.
    pub(super) fn flag(&self, name: &'static str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Option<DateTime<Utc>>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        zoned
            .or_else(|_| {
                NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                    .map(|time| time.and_utc())
            })
            .map(Some)
            .map_err(|_| Error::invalid(name, "is no time in a row of the old database"))
    }

    pub(super) fn needed_time(&self, name: &'static str) -> Result<DateTime<Utc>> {
        self.time(name)?
            .ok_or_else(|| Error::invalid(name, "is missing in a row of the old database"))
    }

    /// `admin`, alone or in a list, is an admin. Every other value is an agent.
    pub(super) fn role(&self) -> Role {
        let words = self.text("role").unwrap_or_default();
        if words.split(',').any(|word| word.trim() == "admin") {
            Role::Admin
        } else {
            Role::Sales
        }
    }
}

/// All rows of a table of the old database, as JSON; none if the table does not exist. The query is not
/// checked at compile time, because that database is not ours.
pub(super) async fn rows(connection: &mut PgConnection, table: &'static str) -> Result<Vec<Value>> {
    let query = match table {
        "user" => r#"select to_jsonb(t) from "user" t"#,
        "account" => "select to_jsonb(t) from account t",
        "session" => "select to_jsonb(t) from session t",
        "verification" => "select to_jsonb(t) from verification t",
        "two_factor" => "select to_jsonb(t) from two_factor t",
        "twoFactor" => r#"select to_jsonb(t) from "twoFactor" t"#,
        "sales_queue" => "select to_jsonb(t) from sales_queue t",
        "lead" => "select to_jsonb(t) from lead t",
        _ => return Err(Error::NotFound { what: "table" }),
    };
    let there: bool =
        sqlx::query_scalar("select to_regclass('public.' || quote_ident($1)) is not null")
            .bind(table)
            .fetch_one(&mut *connection)
            .await?;
    if !there {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar(query).fetch_all(connection).await?)
}
