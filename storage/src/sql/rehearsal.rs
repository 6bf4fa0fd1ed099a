//! A rehearsal: what use cases write is seen by those that come after them on the same stage, and is gone
//! when the stage is.
//!
//! Always holds: all of it is one writing transaction that is never committed; a use case that gives up
//! (drops its transaction) leaves nothing to the next; one stands on the stage at a time.

use super::db::{Db, Stmt, Tx};
use async_trait::async_trait;
use rsvault_domain::ports::{self, StoreError, StoreResult};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A store on one transaction.
pub(super) struct Rehearsal(Arc<Mutex<Stage>>);

/// The transaction, and whether the last one on it gave up half-way.
struct Stage {
    tx: Tx,
    left: bool,
}

impl Rehearsal {
    pub(super) async fn on(db: &Db) -> StoreResult<Self> {
        let mut tx = db.begin().await?;
        tx.query("SAVEPOINT play").execute().await?;
        Ok(Self(Arc::new(Mutex::new(Stage { tx, left: false }))))
    }
}

#[async_trait]
impl ports::Store for Rehearsal {
    async fn begin(&self) -> StoreResult<Box<dyn ports::Tx>> {
        let stage = self.0.clone().try_lock_owned();
        let mut stage = stage.map_err(|_| StoreError::Unavailable("a rehearsal has one transaction, and it is in use".into()))?;
        if stage.left {
            stage.tx.query("ROLLBACK TO SAVEPOINT play").execute().await?;
        }
        stage.left = true;
        Ok(Box::new(Tx::Lent(Lent(stage))))
    }
    async fn read(&self) -> StoreResult<Box<dyn ports::Tx>> {
        self.begin().await
    }
    async fn rehearse(&self) -> StoreResult<Arc<dyn ports::Store>> {
        Err(StoreError::Broken("a rehearsal within a rehearsal".into()))
    }
}

/// The transaction in the hands of one use case; dropped, it goes back.
pub(super) struct Lent(OwnedMutexGuard<Stage>);

impl Lent {
    pub(super) fn query(&mut self, sql: &'static str) -> Stmt<'_> {
        self.0.tx.query(sql)
    }
    /// Keeps what was done for those who come after.
    pub(super) async fn commit(mut self) -> StoreResult<()> {
        self.query("RELEASE SAVEPOINT play").execute().await?;
        self.query("SAVEPOINT play").execute().await?;
        self.0.left = false;
        Ok(())
    }
}
