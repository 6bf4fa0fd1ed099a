//! What transactions promise.

use crate::bed::{Bed, execute};
use crate::on_both;
use crate::sample::{id, subscription, vault};
use rsvault_domain::ports::{Store, StoreError};
use rsvault_domain::tenancy::Subscription;

on_both!(
    a_dropped_transaction_leaves_nothing,
    a_committed_transaction_survives_reopening,
    a_reader_sees_one_moment_and_cannot_write,
    writers_are_serial_and_lose_no_update,
    a_transaction_abandoned_midway_gives_its_turn_back,
    a_server_that_was_restarted_fails_no_transaction_begun_after,
    a_newer_schema_is_refused_by_name,
    a_rehearsal_sees_what_it_did_and_leaves_nothing,
);

fn named(name: &str) -> Subscription {
    Subscription { id: id(), tenant: id(), name: name.into() }
}

async fn a_dropped_transaction_leaves_nothing(bed: Bed) {
    let mut tx = bed.begin().await;
    tx.put_subscription(&named("s")).await.unwrap();
    drop(tx);
    assert_eq!(bed.begin().await.subscriptions().await.unwrap(), []);
}

async fn a_committed_transaction_survives_reopening(bed: Bed) {
    let kept = named("kept");
    let mut tx = bed.begin().await;
    tx.put_subscription(&kept).await.unwrap();
    tx.commit().await.unwrap();
    bed.store.close().await;
    let again = rsvault_storage::SqlStore::open(&bed.url).await.unwrap();
    assert_eq!(again.read().await.unwrap().subscriptions().await.unwrap(), [kept]);
    again.close().await;
    assert!(matches!(again.read().await, Err(StoreError::Unavailable(_))));
}

async fn a_reader_sees_one_moment_and_cannot_write(bed: Bed) {
    let mut reader = bed.read().await;
    assert_eq!(reader.subscriptions().await.unwrap().len(), 0);
    let mut tx = bed.begin().await;
    tx.put_subscription(&named("s")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(reader.subscriptions().await.unwrap().len(), 0, "the view moved");
    assert!(reader.put_subscription(&named("t")).await.is_err());
    drop(reader);
    assert_eq!(bed.read().await.subscriptions().await.unwrap().len(), 1);
}

async fn writers_are_serial_and_lose_no_update(bed: Bed) {
    let mut record = vault("v1");
    record.etag = 0;
    let mut tx = bed.begin().await;
    tx.insert_vault(&record).await.unwrap();
    tx.commit().await.unwrap();
    // A second store on the same database: as another process.
    let second = rsvault_storage::SqlStore::open(&bed.url).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let store = if n % 2 == 0 { bed.store.clone() } else { second.clone() };
            let vault = record.id;
            tokio::spawn(async move {
                for _ in 0..5 {
                    let mut tx = store.begin().await.unwrap();
                    let mut seen = tx.vault_by_id(vault).await.unwrap().unwrap();
                    tokio::task::yield_now().await;
                    seen.etag += 1;
                    tx.update_vault(&seen).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(bed.read().await.vault(subscription(), &"RG-1".into(), &"V1".into()).await.unwrap().unwrap().etag, 40);
}

async fn a_transaction_abandoned_midway_gives_its_turn_back(bed: Bed) {
    let held = bed.begin().await;
    let store = bed.store.clone();
    let waiting = tokio::spawn(async move { store.begin().await.map(drop) });
    tokio::task::yield_now().await;
    waiting.abort();
    drop(held);
    let next = tokio::time::timeout(std::time::Duration::from_secs(10), bed.store.begin()).await;
    assert!(next.expect("the turn was lost").is_ok());
}

async fn a_newer_schema_is_refused_by_name(bed: Bed) {
    bed.store.close().await;
    if bed.is_sqlite() {
        use sqlx::Connection;
        let mut raw = sqlx::SqliteConnection::connect(&bed.url).await.unwrap();
        let row =
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', TRUE, x'00', 0)";
        sqlx::query(row).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    } else {
        let row =
            r"INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', TRUE, '\x00', 0)";
        crate::bed::execute(&bed.url, row.into()).await;
    }
    let refused = rsvault_storage::SqlStore::open(&bed.url).await.unwrap_err().to_string();
    assert!(refused.contains("schema 99") && refused.contains("newer"), "{refused}");
}

async fn a_rehearsal_sees_what_it_did_and_leaves_nothing(bed: Bed) {
    let (kept, given_up, taken) = (named("kept"), named("given up"), named("taken"));
    let stage = bed.store.rehearse().await.unwrap();
    let mut tx = stage.begin().await.unwrap();
    tx.put_subscription(&kept).await.unwrap();
    assert!(matches!(stage.begin().await, Err(StoreError::Unavailable(_))), "one at a time");
    tx.commit().await.unwrap();
    let mut tx = stage.begin().await.unwrap();
    tx.put_subscription(&given_up).await.unwrap();
    drop(tx);
    let mut tx = stage.glance().await.unwrap();
    assert_eq!(tx.subscriptions().await.unwrap(), [kept], "what was committed stands, what was given up does not");
    drop(tx);
    assert!(bed.read().await.subscriptions().await.unwrap().is_empty(), "nobody else sees it");
    drop(stage);
    let mut tx = bed.begin().await;
    assert!(tx.subscriptions().await.unwrap().is_empty(), "and with the stage it is gone");
    tx.put_subscription(&taken).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bed.read().await.subscriptions().await.unwrap(), [taken], "the turn to write went back");
}

async fn a_server_that_was_restarted_fails_no_transaction_begun_after(bed: Bed) {
    if bed.is_sqlite() {
        return; // Nobody ends connections to a file.
    }
    let mut open = vec![bed.begin().await];
    for _ in 0..8 {
        open.push(bed.read().await);
    }
    drop(open);
    // They go back to their pools by themselves.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    execute(&bed.url, format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")).await;
    let mut tx = bed.begin().await;
    tx.put_subscription(&named("after")).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..9 {
        assert_eq!(bed.read().await.subscriptions().await.unwrap().len(), 1);
    }
}
