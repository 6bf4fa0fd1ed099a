//! Vaults and groups that go and come back.

use super::support::*;
use super::*;
use jiff::SignedDuration;
use rsvault_domain::FaultKind;
use rsvault_domain::ports::ItemFilter;
use rsvault_domain::tenancy::ResourceGroup;
use rsvault_domain::vault::{Immutability, SoftDeleteState};
use rsvault_engine::identity;
use rsvault_engine::vaults::{DeletedVaultPath, VaultChange, deleted_name, undelete};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1";

fn path(vault: &rsvault_domain::vault::Vault) -> DeletedVaultPath {
    DeletedVaultPath { subscription: SUB, location: "WestEurope".into(), name: deleted_name(vault) }
}
async fn with_a_full() -> TestBox {
    let t = TestBox::new().await;
    give(&t, OWNER, "Owner", "/").await;
    t.protected().await;
    t.full().await;
    t.play().await;
    t
}
async fn change(t: &TestBox, change: VaultChange) -> rsvault_domain::fault::Result<rsvault_domain::vault::Vault> {
    vault_use::patch(&t.engine, &caller(), &vault_path(), change).await
}

#[tokio::test]
async fn a_vault_with_items_and_servers_is_not_deleted_and_all_that_blocks_is_told_at_once() {
    let t = with_a_full().await;
    let fault = vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap_err();
    assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Invalid, "ServiceResourceNotEmptyWithBackendMessage"));
    assert!(fault.message.contains("existing resources within the vault"), "{fault}");
    assert!(fault.message.contains("salesdb") && fault.message.contains("sqlvm1"), "{fault}");
    let targets: Vec<_> = fault.details().iter().map(|d| d.target.clone().unwrap()).collect();
    assert_eq!(targets, ["protectedItems", "protectionContainers"]);
}

#[tokio::test]
async fn a_deleted_vault_comes_back_with_its_items_and_their_points() {
    let t = with_a_full().await;
    given_up(&t).await;
    assert_eq!(registration(&t).await, Registration::SoftDeleted);
    let before = t.item().await;
    vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    assert_eq!(vault_use::get(&t.engine, &vault_path()).await.unwrap_err().kind, FaultKind::NotFound);
    let gone = deleted(&t).await.pop().unwrap();
    assert_eq!(gone.soft_deleted.unwrap().purge_at, t.clock.now() + DAY * 14);
    undelete(&t.engine, &caller(), &path(&gone), GROUP).await.unwrap();
    assert!(deleted(&t).await.is_empty());
    assert_eq!(t.item().await, before);
    undelete_item(&t).await;
    assert_eq!(registration(&t).await, Registration::Registered);
    assert_eq!(protection::get(&t.engine, &item_path()).await.unwrap().points.count, 1);
    t.settle().await;
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn a_name_is_free_while_its_vault_is_deleted_and_no_vault_comes_back_over_another() {
    let t = with_a_full().await;
    given_up(&t).await;
    vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    // The same name, the same server, the same end: two deleted vaults of one name.
    t.protected().await;
    given_up(&t).await;
    vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    let gone = deleted(&t).await;
    assert_eq!(gone.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["v1", "v1"]);
    assert_ne!(deleted_name(&gone[0]), deleted_name(&gone[1]));
    undelete(&t.engine, &caller(), &path(&gone[0]), GROUP).await.unwrap();
    let taken = undelete(&t.engine, &caller(), &path(&gone[1]), GROUP).await.unwrap_err();
    assert_eq!((taken.kind, taken.code.as_ref()), (FaultKind::Conflict, "UserErrorVaultNameInUse"));
    for (group, code) in [
        ("rg1", "LinkedInvalidPropertyId"),
        ("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/none", "ResourceGroupNotFound"),
        ("/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg1", "BMSUserErrorInvalidInput"),
    ] {
        let fault = undelete(&t.engine, &caller(), &path(&gone[1]), group).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.target.as_deref()), (code, Some("properties.recoveryResourceGroupId")));
    }
    let mut tx = t.engine.store.begin().await.unwrap();
    let other = ResourceGroup { subscription: SUB, name: "rg2".into(), location: "x".into(), tags: Default::default() };
    tx.put_group(&other).await.unwrap();
    tx.commit().await.unwrap();
    let denied = undelete(&t.engine, &stranger(), &path(&gone[1]), &GROUP.replace("rg1", "rg2")).await.unwrap_err();
    assert_eq!(denied.code, "LinkedAuthorizationFailed");
    undelete(&t.engine, &caller(), &path(&gone[1]), &GROUP.replace("rg1", "RG2")).await.unwrap();
    let moved = vault_use::get(&t.engine, &vault_use::VaultPath { resource_group: "rg2".into(), ..vault_path() }).await.unwrap();
    assert_eq!(moved.id, gone[1].id);
}

#[tokio::test]
async fn a_deleted_vault_is_purged_with_all_that_is_in_it_at_its_time_and_not_before() {
    let t = with_a_full().await;
    change(&t, VaultChange { soft_delete_days: Some(30), ..Default::default() }).await.unwrap();
    given_up(&t).await;
    change(&t, VaultChange { soft_delete_days: Some(14), ..Default::default() }).await.unwrap();
    let item = t.item().await;
    vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    let gone = deleted(&t).await.pop().unwrap();
    assert_eq!(gone.soft_deleted.unwrap().purge_at, item.soft_deleted.unwrap().purge_at, "not before its items");
    t.clock.advance(DAY * 30 - SignedDuration::from_secs(1));
    t.settle().await;
    assert_eq!(deleted(&t).await.len(), 1);
    let key = t.engine.keys.recipient(gone.id).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(1));
    t.settle().await;
    assert!(deleted(&t).await.is_empty());
    assert_eq!(t.plain_store.read().await.unwrap().vault_by_id(gone.id).await.unwrap(), None);
    // Objects go by the collector, after its grace; keys at once.
    t.clock.advance(DAY);
    t.settle().await;
    assert_eq!(t.plain_objects.list("", None, 10).await.unwrap(), Vec::<String>::new());
    assert_ne!(t.engine.keys.recipient(gone.id).await.unwrap().key_id, key.key_id, "its key is gone");
    let late = undelete(&t.engine, &caller(), &path(&gone), GROUP).await.unwrap_err();
    assert_eq!(late.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn an_empty_vault_is_gone_at_once() {
    let t = TestBox::new().await;
    let new = VaultChange { location: Some("westeurope".into()), ..Default::default() };
    vault_use::put(&t.engine, &caller(), &vault_path(), new).await.unwrap();
    vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    assert!(deleted(&t).await.is_empty());
    assert!(vault_use::delete(&t.engine, &caller(), &vault_path()).await.unwrap().is_none());
}

#[tokio::test]
async fn soft_delete_that_is_switched_off_purges_what_it_kept_but_not_in_an_immutable_vault() {
    let t = with_a_full().await;
    given_up(&t).await;
    let off = VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    let stays = change(&t, VaultChange { soft_delete_stays_on: true, ..off.clone() }).await.unwrap_err();
    assert_eq!(stays.code, "BMSUserErrorSoftDeleteCannotBeDisabled");
    change(&t, VaultChange { immutability: Some(Immutability::Unlocked), ..Default::default() }).await.unwrap();
    let held = change(&t, off.clone()).await.unwrap_err();
    assert_eq!(held.code, "BMSUserErrorOperationNotAllowedOnImmutableVault");
    change(&t, VaultChange { immutability: Some(Immutability::Disabled), ..Default::default() }).await.unwrap();
    let vault = change(&t, off).await.unwrap();
    t.settle().await;
    let items = t.plain_store.read().await.unwrap().items(vault.id, &ItemFilter::default(), &Default::default()).await.unwrap().items;
    assert!(items.is_empty());
    assert!(discovery::get(&t.engine, &vault_path(), &container_name()).await.is_err(), "the container goes with its last item");
}

#[tokio::test]
async fn a_group_is_deleted_with_what_is_in_it_or_not_at_all() {
    let t = with_a_full().await;
    let new = VaultChange { location: Some("westeurope".into()), ..Default::default() };
    let empty = vault_use::VaultPath { name: "empty".into(), ..vault_path() };
    vault_use::put(&t.engine, &caller(), &empty, new.clone()).await.unwrap();
    let fault = identity::delete_group(&t.engine, SUB, "RG1").await.unwrap_err();
    assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Conflict, "ResourceGroupDeletionBlocked"));
    assert!(fault.message.contains("sqlvm1") && fault.message.contains("'v1'") && fault.message.contains("salesdb"), "{fault}");
    assert!(vault_use::get(&t.engine, &empty).await.is_ok(), "nothing was deleted");
    // Without the server and its items the group goes; a vault with soft-deleted items waits.
    given_up(&t).await;
    let mut tx = t.engine.store.begin().await.unwrap();
    tx.delete_server(t.server.id).await.unwrap();
    tx.commit().await.unwrap();
    guard(&t).await;
    assert!(identity::delete_group(&t.engine, SUB, "rg1").await.unwrap());
    assert!(!identity::delete_group(&t.engine, SUB, "rg1").await.unwrap());
    assert_eq!(deleted(&t).await.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["v1"]);
    assert_eq!(t.plain_store.read().await.unwrap().guard(SUB, &"rg1".into(), &"guard".into()).await.unwrap(), None);
}
