//! A database of its own for each test.

use rsvault_domain::ports::{Store, Tx};
use rsvault_storage::SqlStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::Arc;

pub(crate) struct Bed {
    pub(crate) url: String,
    pub(crate) store: Arc<SqlStore>,
    /// Whether it reads in the calling thread.
    glances: bool,
    cleanup: Cleanup,
}
enum Cleanup {
    Folder { _folder: tempfile::TempDir },
    Database { server: String, name: String },
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("new/rsvault.db").display());
        Self { store: SqlStore::open(&url).await.unwrap(), url, glances: false, cleanup: Cleanup::Folder { _folder: folder } }
    }
    /// The same, read in the calling thread.
    pub(crate) async fn glancing() -> Self {
        let mut bed = Self::sqlite().await;
        bed.glances = true;
        bed
    }
    /// None when the caller said that SQLite is enough.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("RSVAULT_TEST_POSTGRES") else {
            let waived = std::env::var("RSVAULT_TEST_SQLITE_ONLY").is_ok_and(|v| v == "1");
            assert!(
                waived,
                "set RSVAULT_TEST_POSTGRES=postgres://user@host:port/db (or RSVAULT_TEST_SQLITE_ONLY=1 to leave PostgreSQL out)"
            );
            return None;
        };
        let name = format!("rsvault_{}", uuid::Uuid::new_v4().simple());
        execute(&server, format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        Some(Self { store: SqlStore::open(&url).await.unwrap(), url, glances: false, cleanup: Cleanup::Database { server, name } })
    }
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.cleanup, Cleanup::Folder { .. })
    }
    pub(crate) async fn begin(&self) -> Box<dyn Tx> {
        self.store.begin().await.unwrap()
    }
    pub(crate) async fn read(&self) -> Box<dyn Tx> {
        if self.glances { self.store.glance().await.unwrap() } else { self.store.read().await.unwrap() }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Cleanup::Database { server, name } = &self.cleanup {
            let drop = execute(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(drop));
        }
    }
}

pub(crate) async fn execute(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
