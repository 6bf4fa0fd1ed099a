//! The store over one of the two databases.

use super::db::{Db, Tx};
use super::glance::Glances;
use super::migrate;
use super::rehearsal::Rehearsal;
use async_trait::async_trait;
use rsvault_domain::ports::{self, StoreError, StoreResult};
use std::path::Path;
use std::sync::Arc;

/// The catalogue in SQLite or PostgreSQL.
pub struct SqlStore {
    db: Db,
    /// Only of SQLite.
    glances: Option<Arc<Glances>>,
}

impl SqlStore {
    /// Opens the database that `url` names and brings it to the schema of this version.
    /// `sqlite:PATH` and `sqlite://PATH` name a file, made if it is not there; `postgres://…` a database.
    pub async fn open(url: &str) -> StoreResult<Arc<Self>> {
        let mut glances = None;
        let db = match url.split_once(':') {
            Some(("sqlite", path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() || path == ":memory:" {
                    return Err(StoreError::Broken("the database URL names no file; write 'sqlite:PATH'".into()));
                }
                glances = Some(Glances::of(Path::new(path)));
                Db::sqlite(Path::new(path)).await?
            }
            Some(("postgres" | "postgresql", _)) => Db::postgres(url).await?,
            // The URL itself is not shown: it may carry a password.
            _ => return Err(StoreError::Broken("the database URL must start with 'sqlite:' or 'postgres://'".into())),
        };
        migrate::run(&db).await?;
        Ok(Arc::new(Self { db, glances }))
    }
    /// Closes all connections, after open transactions have ended.
    pub async fn close(&self) {
        if let Some(glances) = &self.glances {
            glances.close();
        }
        self.db.close().await;
    }
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.db {
            Db::Pg(_) => "SqlStore(postgres)",
            Db::Sqlite(_) => "SqlStore(sqlite)",
        })
    }
}

#[async_trait]
impl ports::Store for SqlStore {
    async fn begin(&self) -> StoreResult<Box<dyn ports::Tx>> {
        Ok(Box::new(self.db.begin().await?))
    }
    async fn read(&self) -> StoreResult<Box<dyn ports::Tx>> {
        Ok(Box::new(self.db.read().await?))
    }
    async fn rehearse(&self) -> StoreResult<Arc<dyn ports::Store>> {
        Ok(Arc::new(Rehearsal::on(&self.db).await?))
    }
    async fn glance(&self) -> StoreResult<Box<dyn ports::Tx>> {
        match &self.glances {
            Some(glances) => Ok(Box::new(Tx::Here(glances.begin()?))),
            None => self.read().await,
        }
    }
}

#[async_trait]
impl ports::Tx for Tx {
    async fn commit(self: Box<Self>) -> StoreResult<()> {
        (*self).commit().await
    }
}
