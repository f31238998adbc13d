//! Open boards of the desk: each reads the feed, and the board again when the feed tells of an offer.

use crate::api_process::{Api, client, cookie_of};
use anyhow::{Context, ensure};
use sqlx::PgPool;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long the page waits for more events before it reads: `web/src/app/feed.ts`.
const COALESCED: Duration = Duration::from_millis(40);

/// Boards that are open until this is dropped, and their api.
pub(crate) struct Boards {
    _api: Api,
    _open: JoinSet<anyhow::Result<()>>,
}

impl Boards {
    /// Opens this many boards of one admin: the page, its script, the feed.
    pub(crate) async fn open(pool: &PgPool, url: &str, count: usize) -> anyhow::Result<Self> {
        for statement in [
            r#"insert into "user" (id, name, email, role) values ('bench-boards', 'Bench', 'boards@bench.test', 'admin')
               on conflict do nothing"#,
            "insert into session (id, token, user_id, expires_at)
             values ('bench-boards', 'bench-token-boards', 'bench-boards', now() + interval '1 day')
             on conflict do nothing",
        ] {
            sqlx::query(statement).execute(pool).await?;
        }
        let api = Api::start(url, 39_121)?;
        let http = client()?;
        api.is_ready(&http).await?;
        let mut open = JoinSet::new();
        for _ in 0..count {
            let board = Board {
                http: http.clone(),
                url: api.url.clone(),
            };
            // A board that does not open ends the measurement: nothing would be measured.
            let feed = board.begin().await?;
            open.spawn(board.keep_open(feed));
        }
        Ok(Self {
            _api: api,
            _open: open,
        })
    }
}

struct Board {
    http: reqwest::Client,
    url: String,
}

impl Board {
    async fn read(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = request.header("cookie", cookie_of("bench-token-boards"));
        let response = request.header("accept", "text/html, */*").send().await?;
        let status = response.status();
        ensure!(status.is_success(), "{path}: {status}");
        Ok(response)
    }

    /// Reads what a browser reads, and returns the feed.
    async fn begin(&self) -> anyhow::Result<reqwest::Response> {
        for path in ["/board", "/desk/app.js", "/desk/app.css", "/api/board"] {
            self.read(path).await?.bytes().await?;
        }
        self.read("/api/events").await
    }

    async fn keep_open(self, mut feed: reqwest::Response) -> anyhow::Result<()> {
        while let Some(told) = feed.chunk().await.context("the feed broke")? {
            if String::from_utf8_lossy(&told).contains("\"attempt\"") {
                sleep(COALESCED).await;
                self.read("/api/board").await?.bytes().await?;
            }
        }
        Ok(())
    }
}
