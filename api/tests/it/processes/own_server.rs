//! A PostgreSQL server of one test's own, to be crashed, stopped and restored.

use super::company::Company;
use secrecy::SecretString;
use shared::testing::Harness;
use shared::{db, seed};
use std::path::{Path, PathBuf};
use xtask::postgres::{Cluster, Profile, binaries};

/// A server of this test's own, removed with this value.
pub(super) struct OwnServer {
    cluster: Option<Cluster>,
    folder: PathBuf,
}

impl OwnServer {
    /// A new server.
    pub(super) fn start(name: &str, profile: Profile) -> Self {
        let shm = PathBuf::from("/dev/shm");
        let parent = if shm.exists() {
            shm
        } else {
            xtask::shell::root().join("target")
        };
        Self::start_in(
            parent.join(format!("property-lounge-{name}-{}", std::process::id())),
            profile,
        )
    }

    /// The server whose data is in this folder; a new one if there is none.
    pub(super) fn start_in(folder: PathBuf, profile: Profile) -> Self {
        let programs = binaries(None, false).expect("PostgreSQL's programs");
        let cluster = Cluster::start(&programs, &folder, profile).expect("a server");
        Self {
            cluster: Some(cluster),
            folder,
        }
    }

    pub(super) fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("it is there until dropped")
    }

    /// Where its data and socket are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if let Some(cluster) = self.cluster.take() {
            cluster.destroy().ok();
        }
    }
}

/// A company on a new database of this server.
pub(super) async fn company_on(server: &OwnServer, window: &str) -> Company {
    let url = server.cluster().url("outage");
    let secret = SecretString::from(url.clone());
    db::create_if_missing(&secret).await.expect("a database");
    let pool = db::pool(db::options(&secret, "test").expect("a URL"), 4);
    db::migrate(&pool).await.expect("the migrations apply");
    let mut app = Harness::on_database_clock().await.app.clone();
    app.pool = pool.clone();
    seed::seed(&app).await.expect("the seed applies");
    Company::at(url, pool, window)
}
