//! The seed's people: Sales A to F in their order, and an admin.

use crate::auth::password;
use crate::providers::dummy;
use crate::{App, Result};
use tokio::task::spawn_blocking;

/// Somebody who was seeded, with the password that is shown this once.
#[derive(Debug)]
pub struct Seeded {
    /// Their name.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Their password; only its hash is kept.
    pub password: String,
}

/// Label, and number as in the seed.
const SALES: [(&str, &str); 6] = [
    ("A", "+6281110000001"),
    ("B", "+6281110000002"),
    ("C", "+6281110000003"),
    ("D", "+6281110000004"),
    ("E", "+6281110000005"),
    ("F", "+6281110000006"),
];

/// Fills a database that has no users; does nothing, and returns nobody, if it has any. Safe to run
/// again, and by several at once. The agents have the seed's numbers with the dummy provider alone: they
/// may be somebody's, and with another nothing is said to anybody until an admin has given them theirs.
pub async fn seed(app: &App) -> Result<Vec<Seeded>> {
    let mut transaction = app.pool.begin().await?;
    // Two processes that start together: the second finds users.
    sqlx::query!("lock table \"user\" in share row exclusive mode")
        .execute(&mut *transaction)
        .await?;
    let empty = sqlx::query_scalar!(r#"select not exists (select from "user") as "empty!""#)
        .fetch_one(&mut *transaction)
        .await?;
    if !empty {
        return Ok(Vec::new());
    }
    let now = app.clock.now(&mut transaction).await?;
    let mut seeded = Vec::new();
    for (order, (label, phone)) in (1..).zip(SALES) {
        let slug = label.to_lowercase();
        let person = Person {
            id: format!("sales-{slug}"),
            name: format!("Sales {label}"),
            email: format!("sales-{slug}@property-lounge.test"),
            // They may be somebody's: nothing real is said to them.
            phone: (app.provider.name() == dummy::NAME).then_some(phone),
            role: "sales",
        };
        seeded.push(person.insert(&mut transaction, now).await?);
        sqlx::query!(
            "insert into sales_queue (sales_id, queue_order, label) values ($1, $2, $3)",
            person.id,
            order,
            label
        )
        .execute(&mut *transaction)
        .await?;
    }
    let admin = Person {
        id: "admin".to_owned(),
        name: "Admin".to_owned(),
        email: "admin@property-lounge.test".to_owned(),
        phone: None,
        role: "admin",
    };
    seeded.push(admin.insert(&mut transaction, now).await?);
    transaction.commit().await?;
    Ok(seeded)
}

struct Person {
    id: String,
    name: String,
    email: String,
    phone: Option<&'static str>,
    role: &'static str,
}

impl Person {
    async fn insert(
        &self,
        connection: &mut sqlx::PgConnection,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Seeded> {
        let password = password::random();
        let to_hash = password.clone();
        let hash = spawn_blocking(move || password::hash(&to_hash))
            .await
            .map_err(|error| sqlx::Error::Decode(error.into()))??;
        sqlx::query!(
            r#"insert into "user" (id, name, email, email_verified, phone, role, created_at, updated_at)
               values ($1, $2, $3, true, $4, $5, $6, $6)"#,
            self.id,
            self.name,
            self.email,
            self.phone,
            self.role,
            now
        )
        .execute(&mut *connection)
        .await?;
        // better-auth's credential account: its id is free, its account_id is the user's.
        sqlx::query!(
            "insert into account (id, account_id, provider_id, user_id, password, created_at, updated_at)
             values ($1, $2, 'credential', $2, $3, $4, $4)",
            format!("credential-{}", self.id),
            self.id,
            hash,
            now
        )
        .execute(connection)
        .await?;
        Ok(Seeded {
            name: self.name.clone(),
            email: self.email.clone(),
            password,
        })
    }
}
