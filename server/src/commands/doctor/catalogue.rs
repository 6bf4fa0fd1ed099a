//! The database: opens, has this version's schema, takes a write.

use super::finding::Finding;
use crate::clock::SystemClock;
use crate::settings::without_password;
use rsvault_domain::id::{SetId, TaskId};
use rsvault_domain::ports::{Clock, Store, StoreResult};
use rsvault_domain::work::TaskKind;
use rsvault_storage::SqlStore;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const OPEN: Duration = Duration::from_secs(20);

pub(super) async fn check(url: &str) -> (Finding, Option<Arc<SqlStore>>) {
    let name = "database";
    let shown = without_password(url);
    let store = match tokio::time::timeout(OPEN, SqlStore::open(url)).await {
        Ok(Ok(store)) => store,
        Ok(Err(error)) => {
            let cure = "Check that the database is up, that the URL is right and that the account may change its schema.";
            return (Finding::wrong(name, format!("{shown}: {error}"), cure), None);
        }
        Err(_) => {
            return (
                Finding::wrong(name, format!("{shown} does not answer within {} s", OPEN.as_secs()), "Check address and network."),
                None,
            );
        }
    };
    let finding = match probe(store.as_ref()).await {
        Ok(()) => Finding::good(name, format!("{shown} has this version's schema and takes writes")),
        Err(error) => Finding::wrong(name, format!("{shown} cannot be written: {error}"), "Check rights and free space of the database."),
    };
    (finding, Some(store))
}

/// Writes a task and takes it back.
async fn probe(store: &SqlStore) -> StoreResult<()> {
    let mut tx = store.begin().await?;
    tx.enqueue(TaskId(Uuid::new_v4()), &TaskKind::CollectSet { set: SetId(Uuid::nil()) }, SystemClock.now()).await?;
    // Dropped, not committed: it never was.
    drop(tx);
    Ok(())
}
