//! Reads in the calling thread: one moment, nothing written, nothing stale.

use crate::bed::Bed;
use crate::sample;
use rsvault_domain::ports::{Store, StoreError};
use rsvault_storage::SqlStore;

#[tokio::test]
async fn a_glance_sees_one_moment_and_the_next_one_sees_the_change() {
    let bed = Bed::glancing().await;
    let mut tx = bed.begin().await;
    let mut item = sample::stored_item(tx.as_mut(), "v").await;
    tx.commit().await.unwrap();
    let mut early = bed.read().await;
    assert_eq!(early.item_by_id(item.id).await.unwrap(), Some(item.clone()));

    let before = item.clone();
    item.data_source_id = "changed".into();
    let mut tx = bed.begin().await;
    tx.update_item(&item).await.unwrap();
    // Not committed: nobody sees it.
    assert_eq!(bed.read().await.item_by_id(item.id).await.unwrap(), Some(before.clone()));
    tx.commit().await.unwrap();
    assert_eq!(early.item_by_id(item.id).await.unwrap(), Some(before));
    drop(early);
    for _ in 0..3 {
        assert_eq!(bed.read().await.item_by_id(item.id).await.unwrap(), Some(item.clone()), "asked again");
    }
}

#[tokio::test]
async fn a_change_by_another_process_is_seen_at_once() {
    let bed = Bed::glancing().await;
    let mut tx = bed.begin().await;
    let mut item = sample::stored_item(tx.as_mut(), "v").await;
    tx.commit().await.unwrap();
    assert_eq!(bed.read().await.item_by_id(item.id).await.unwrap(), Some(item.clone()));
    // A store of its own has connections of its own, as another process has.
    let other = SqlStore::open(&bed.url).await.unwrap();
    for n in 0..5 {
        item.data_source_id = n.to_string();
        let mut tx = other.begin().await.unwrap();
        tx.update_item(&item).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bed.read().await.item_by_id(item.id).await.unwrap(), Some(item.clone()));
    }
}

#[tokio::test]
async fn a_glance_writes_nothing() {
    let bed = Bed::glancing().await;
    let refused = bed.read().await.insert_vault(&sample::vault("v")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(bed.begin().await.insert_vault(&sample::vault("v")).await.is_ok());
}

#[tokio::test]
async fn many_glances_at_once_each_have_a_connection() {
    let bed = Bed::glancing().await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(bed.read().await);
    }
    for tx in &mut open {
        assert_eq!(tx.subscriptions().await.unwrap(), []);
    }
}
