//! What a vault holds, and its counts of requests.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, id, stored_item, vault};
use rsvault_domain::limits::Quota;
use rsvault_domain::ports::Held;

on_both!(a_vault_counts_what_it_holds, counts_of_requests_are_of_a_vault_and_go_with_it);

async fn a_vault_counts_what_it_holds(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    stored_item(&mut *tx, "v2").await;
    let held = tx.held(item.vault_id).await.unwrap();
    assert_eq!((held.items, held.containers), (1, 1));
    assert_eq!(tx.held(id()).await.unwrap(), Held::default());
}

async fn counts_of_requests_are_of_a_vault_and_go_with_it(bed: Bed) {
    let mut tx = bed.begin().await;
    let (one, two) = (vault("v1"), vault("v2"));
    tx.insert_vault(&one).await.unwrap();
    tx.insert_vault(&two).await.unwrap();
    let (vault, other) = (one.id, two.id);
    assert_eq!(tx.vaults_in(one.subscription, &one.location.to_uppercase()).await.unwrap(), 2);
    assert_eq!(tx.vaults_in(one.subscription, "nowhere").await.unwrap(), 0);
    assert_eq!(tx.quota(vault, "writes").await.unwrap(), None);
    tx.put_quota(vault, "writes", Quota { since: at(1), used: 1 }).await.unwrap();
    tx.put_quota(vault, "writes", Quota { since: at(2), used: 7 }).await.unwrap();
    tx.put_quota(vault, "reads", Quota { since: at(3), used: 2 }).await.unwrap();
    assert_eq!(tx.quota(vault, "writes").await.unwrap(), Some(Quota { since: at(2), used: 7 }));
    assert_eq!(tx.quota(other, "writes").await.unwrap(), None);
    tx.remove_vault(vault).await.unwrap();
    assert_eq!(tx.quota(vault, "writes").await.unwrap(), None);
}
