//! The encrypted session: private keys and ratchets, and for some hours texts of messages.
//!
//! AES-256-GCM with a fresh nonce for each value, bound to the name of its row, so that a value cannot be moved
//! to another row. Every write names its epoch. The statement itself rejects a write of an older epoch, so
//! that a process whose session was taken over cannot change it.

use super::fence::{fenced, fenced_off};
use super::seal::DeviceKey;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::collections::BTreeMap;

/// The name of a value of the session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The kind.
    pub kind: &'static str,
    /// The key within the kind.
    pub key: String,
    /// The second part of the key.
    pub sub: String,
}

impl Name {
    /// A value of this kind with this key.
    pub fn new(kind: &'static str, key: impl Into<String>, sub: impl Into<String>) -> Self {
        Self {
            kind,
            key: fitting(key.into()),
            sub: fitting(sub.into()),
        }
    }

    /// The associated data of the encryption.
    fn bound(&self) -> Vec<u8> {
        [self.kind, &self.key, &self.sub].join("\0").into_bytes()
    }
}

/// The longest part of a name, in bytes. An index entry has three of them.
const LONGEST: usize = 255;

/// A sender can choose parts of names. One that PostgreSQL cannot store is replaced by its SHA-256.
fn fitting(part: String) -> String {
    if part.len() <= LONGEST && !part.contains('\0') {
        return part;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(part.as_bytes())))
}

fn column<'rows>(names: &'rows [Name], of: fn(&'rows Name) -> &'rows str) -> Vec<&'rows str> {
    names.iter().map(of).collect()
}

/// A value of the session with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: Name,
    /// A number to find it by; each kind defines its meaning.
    pub ordinal: i64,
    /// The value, not encrypted.
    pub value: Vec<u8>,
}

impl Row {
    /// This value under this name, with the number 0.
    pub fn new(name: Name, value: impl Into<Vec<u8>>) -> Self {
        Self {
            name,
            ordinal: 0,
            value: value.into(),
        }
    }

    /// The same value with this number.
    #[must_use]
    pub fn numbered(self, ordinal: i64) -> Self {
        Self { ordinal, ..self }
    }
}

/// The session, as one epoch can read and write it.
#[derive(Clone, Debug)]
pub struct Vault {
    pool: PgPool,
    key: DeviceKey,
    epoch: i64,
}

impl Vault {
    /// Takes over the session, on the connection that holds its lock. The former process cannot write any more.
    pub async fn take_over(
        holder: &mut PgConnection,
        pool: &PgPool,
        key: &DeviceKey,
    ) -> Result<Self> {
        let epoch =
            sqlx::query_scalar!("update linked_device_epoch set epoch = epoch + 1 returning epoch")
                .fetch_one(holder)
                .await?;
        Ok(Self {
            pool: pool.clone(),
            key: key.clone(),
            epoch,
        })
    }

    /// The same session with a new epoch, which ends this one. Fails if this epoch is over.
    pub async fn renew(&self) -> Result<Self> {
        let epoch = sqlx::query_scalar!(
            "update linked_device_epoch set epoch = epoch + 1 where epoch = $1 returning epoch",
            self.epoch
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(Self {
            epoch: epoch.ok_or_else(fenced_off)?,
            ..self.clone()
        })
    }

    /// The key that seals the session.
    pub fn key(&self) -> &DeviceKey {
        &self.key
    }

    /// The epoch.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Reads a value.
    pub async fn get(&self, kind: &'static str, key: &str, sub: &str) -> Result<Option<Vec<u8>>> {
        let found = self.get_each(&[Name::new(kind, key, sub)]).await?;
        Ok(found.into_iter().next().map(|row| row.value))
    }

    /// Reads those of these values that exist, in no order.
    pub async fn get_each(&self, names: &[Name]) -> Result<Vec<Row>> {
        let rows = sqlx::query!(
            "select s.kind, s.key, s.sub, s.ordinal, s.value from linked_device_secret s
             join unnest($1::text[], $2::text[], $3::text[]) as wanted (kind, key, sub) using (kind, key, sub)",
            &column(names, |name| name.kind) as _,
            &column(names, |name| &name.key) as _,
            &column(names, |name| &name.sub) as _
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .filter_map(|row| {
                // The kind as `'static`.
                let kind = names.iter().find(|name| name.kind == row.kind)?.kind;
                Some((kind, row))
            })
            .map(|(kind, row)| {
                let name = Name::new(kind, row.key, row.sub);
                let value = self.key.open(&name.bound(), &row.value)?;
                Ok(Row::new(name, value).numbered(row.ordinal))
            })
            .collect()
    }

    /// All values of a kind, or of one key of it, in the order of their numbers.
    pub async fn list(&self, kind: &'static str, key: Option<&str>) -> Result<Vec<Row>> {
        let rows = sqlx::query!(
            "select key, sub, ordinal, value from linked_device_secret
             where kind = $1 and ($2::text is null or key = $2) order by ordinal, key, sub",
            kind,
            key
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let name = Name::new(kind, row.key, row.sub);
                let value = self.key.open(&name.bound(), &row.value)?;
                Ok(Row::new(name, value).numbered(row.ordinal))
            })
            .collect()
    }

    /// Whether a kind has a key with one of these prefixes.
    pub async fn has_key(&self, kinds: &[&str], beginnings: &[String]) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from linked_device_secret s, unnest($2::text[]) beginning
                              where s.kind = any($1) and starts_with(s.key, beginning)) as "exists!""#,
            kinds as _,
            beginnings
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// The greatest number of a kind.
    pub async fn greatest(&self, kind: &'static str) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!(
            "select max(ordinal) from linked_device_secret where kind = $1",
            kind
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Writes the first and deletes the second in one transaction.
    pub async fn change(&self, rows: &[Row], gone: &[Name]) -> Result<()> {
        let mut transaction = self.enter().await?;
        self.write(&mut transaction, rows).await?;
        sqlx::query!(
            "delete from linked_device_secret s
             using unnest($1::text[], $2::text[], $3::text[]) as gone (kind, key, sub)
             where s.kind = gone.kind and s.key = gone.key and s.sub = gone.sub",
            &column(gone, |name| name.kind) as _,
            &column(gone, |name| &name.key) as _,
            &column(gone, |name| &name.sub) as _
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes a value and returns it.
    pub async fn take(&self, name: &Name) -> Result<Option<Vec<u8>>> {
        let mut transaction = self.enter().await?;
        let sealed = sqlx::query_scalar!(
            "delete from linked_device_secret where kind = $1 and key = $2 and sub = $3 returning value",
            name.kind,
            name.key,
            name.sub
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        sealed
            .map(|sealed| self.key.open(&name.bound(), &sealed))
            .transpose()
    }

    /// Deletes all values of a kind, or of one key of it.
    pub async fn clear(&self, kind: &'static str, key: Option<&str>) -> Result<()> {
        self.remove_below(kind, key, i64::MAX).await.map(drop)
    }

    /// Deletes the values of a kind with a number below this, or of one key of it. Returns how many.
    pub async fn remove_below(
        &self,
        kind: &'static str,
        key: Option<&str>,
        ordinal: i64,
    ) -> Result<u64> {
        let mut transaction = self.enter().await?;
        let gone = sqlx::query!(
            "delete from linked_device_secret where kind = $1 and ($2::text is null or key = $2) and ordinal < $3",
            kind,
            key,
            ordinal
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }

    /// Deletes the session.
    pub async fn wipe(&self) -> Result<()> {
        let mut transaction = self.enter().await?;
        sqlx::query!("delete from linked_device_secret")
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("update linked_device set number = null")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Whether the session still has this epoch.
    pub async fn is_current(&self) -> Result<bool> {
        let epoch = sqlx::query_scalar!("select epoch from linked_device_epoch")
            .fetch_one(&self.pool)
            .await?;
        Ok(epoch == self.epoch)
    }

    /// A transaction during which the epoch cannot change. Fails if this epoch is over.
    async fn enter(&self) -> Result<Transaction<'static, Postgres>> {
        let mut transaction = crate::db::begin(&self.pool).await?;
        let current = sqlx::query_scalar!(
            "select epoch from linked_device_epoch where epoch = $1 for share",
            self.epoch
        )
        .fetch_optional(&mut *transaction)
        .await?;
        fenced(current.is_some())?;
        Ok(transaction)
    }

    async fn write(&self, connection: &mut PgConnection, rows: &[Row]) -> Result<()> {
        // Each name once, with the last of its rows, in an order that all writers share.
        let rows: BTreeMap<&Name, &Row> = rows.iter().map(|row| (&row.name, row)).collect();
        let names: Vec<Name> = rows.keys().map(|name| (*name).clone()).collect();
        let ordinals: Vec<i64> = rows.values().map(|row| row.ordinal).collect();
        let values = rows
            .values()
            .map(|row| self.key.seal(&row.name.bound(), &row.value))
            .collect::<Result<Vec<_>>>()?;
        sqlx::query!(
            "insert into linked_device_secret (kind, key, sub, ordinal, value)
             select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
             on conflict (kind, key, sub) do update set ordinal = excluded.ordinal, value = excluded.value",
            &column(&names, |name| name.kind) as _,
            &column(&names, |name| &name.key) as _,
            &column(&names, |name| &name.sub) as _,
            &ordinals,
            &values
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Whether an error means that another process has taken over the session.
pub fn is_over(error: &Error) -> bool {
    matches!((error, fenced_off()), (Error::Conflict { code }, Error::Conflict { code: over }) if *code == over)
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_that_an_index_would_not_take_is_another_one_and_always_the_same() {
        let long = Name::new("pending", "a\0b", "x".repeat(5000));
        assert!(long.key.starts_with("sha256:") && long.sub.len() < 100);
        assert_eq!(long, Name::new("pending", "a\0b", "x".repeat(5000)));
        assert_eq!(Name::new("pending", "a", "b").key, "a");
    }
}
