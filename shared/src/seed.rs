//! The users of a new database: Sales A to F in their order, and an admin.

use crate::auth::password;
use crate::providers::dummy;
use crate::{App, Result};
use tokio::task::spawn_blocking;

/// A user that was created, with their password, which is shown only now.
#[derive(Debug)]
pub struct Seeded {
    /// The name.
    pub name: String,
    /// The email.
    pub email: String,
    /// The password. Only its hash is stored.
    pub password: String,
}

/// Label and number, as on the previous server.
const SALES: [(&str, &str); 6] = [
    ("A", "+6281110000001"),
    ("B", "+6281110000002"),
    ("C", "+6281110000003"),
    ("D", "+6281110000004"),
    ("E", "+6281110000005"),
    ("F", "+6281110000006"),
];

/// Creates the users of a database that has none; otherwise does nothing and returns an empty list. Can be
/// repeated, and run by several processes at once. The agents have the previous server's numbers only with
/// the dummy provider, because the numbers can belong to real people.
pub async fn seed(app: &App) -> Result<Vec<Seeded>> {
    let mut transaction = app.begin().await?;
    // If two processes start together, the second finds users.
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
            // The numbers can belong to real people, so nothing is sent to them.
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
        // better-auth's credential account: its id is random, its account_id is the user's id.
        sqlx::query!(
            "insert into account (id, account_id, provider_id, user_id, password, fits_admins, created_at, updated_at)
             values ($1, $2, 'credential', $2, $3, true, $4, $4)",
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
