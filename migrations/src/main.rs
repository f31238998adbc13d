//! Creates the database of `DATABASE_URL` if it is missing, and migrates it. For `./test prepare`; otherwise use `api migrate`.

use sqlx::Postgres;
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::PgPool;
use std::error::Error;

#[expect(
    clippy::disallowed_methods,
    reason = "the one setting of a tool for developers; `shared`, which reads the others, may not compile now"
)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    if !Postgres::database_exists(&url).await? {
        Postgres::create_database(&url).await?;
    }
    migrations::run(&PgPool::connect(&url).await?, |_| {}).await?;
    Ok(())
}
