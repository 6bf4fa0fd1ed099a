//! Faults whose cause is too large for a story.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use rsvault_domain::id::{ItemId, ItemName};
use rsvault_domain::limits::DATABASES_PER_VAULT;
use rsvault_domain::protection::ProtectedItem;
use rsvault_engine::protection::{self, ItemPath};
use support::*;

#[tokio::test]
async fn the_database_after_the_two_thousandth_is_refused_by_its_code() {
    let t = TestBox::new().await;
    t.protected().await;
    let one = t.item().await;
    let mut tx = t.engine.store.begin().await.unwrap();
    for n in 1..DATABASES_PER_VAULT {
        let item = ProtectedItem { id: ItemId(uuid::Uuid::now_v7()), name: ItemName::new("MSSQLSERVER", format!("db{n}")), ..one.clone() };
        tx.insert_item(&item).await.unwrap();
    }
    tx.commit().await.unwrap();
    let path = ItemPath { item: ItemName::new("MSSQLSERVER", "onemore"), ..item_path() };
    let fault = protection::put(&t.engine, &caller(), &path, &enable("HourlyLogBackup")).await.unwrap_err();
    assert_eq!(fault.code, "UserErrorProtectionQuotaExceeded");
    assert!(fault.message.contains("2000"), "{}", fault.message);
    // One that is protected already is changed all the same.
    protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
}
