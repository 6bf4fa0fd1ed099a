//! What hangs on a vault: containers, policies, items, discovered servers.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, container, id, item, policy, server, stored_item, subscription, vault};
use rsvault_domain::discovery::Registration;
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::{ItemName, NameKey, VaultId};
use rsvault_domain::policy::PolicySpec;
use rsvault_domain::ports::{ItemFilter, Page, PointFilter, StoreError, Tx};
use rsvault_domain::protection::{ItemState, LastBackup, SoftDeleted};

on_both!(
    a_deleted_vault_frees_its_name,
    vaults_are_listed_by_name_page_by_page,
    a_foreign_cursor_is_the_callers_mistake,
    a_server_is_registered_to_one_vault_at_a_time,
    a_policy_written_again_keeps_its_id_and_casing,
    items_are_found_by_policy_container_and_age,
    soft_deleted_items_come_up_for_purge,
    a_vault_takes_its_policies_and_marks_with_it,
);

async fn a_deleted_vault_frees_its_name(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut first = vault("Vault-A");
    tx.insert_vault(&first).await.unwrap();
    assert_eq!(tx.vault(subscription(), &"RG-1".into(), &"VAULT-A".into()).await.unwrap(), Some(first.clone()));
    assert!(matches!(tx.insert_vault(&vault("vault-a")).await, Err(StoreError::Exists(_))));
    first.soft_deleted = Some(SoftDeleted { at: at(50), purge_at: at(60) });
    first.etag += 1;
    tx.update_vault(&first).await.unwrap();
    assert_eq!(tx.vault(subscription(), &"rg-1".into(), &"vault-a".into()).await.unwrap(), None);
    assert_eq!(tx.vault_by_id(first.id).await.unwrap(), Some(first.clone()));
    let second = vault("vault-a");
    tx.insert_vault(&second).await.unwrap();
    assert_eq!(tx.vaults_to_purge(at(59), 9).await.unwrap(), []);
    assert_eq!(tx.vaults_to_purge(at(60), 9).await.unwrap(), [first.clone()]);
    tx.remove_vault(first.id).await.unwrap();
    assert!(matches!(tx.remove_vault(first.id).await, Err(StoreError::Missing(_))));
    assert!(matches!(tx.update_vault(&first).await, Err(StoreError::Missing(_))));
}

async fn vaults_are_listed_by_name_page_by_page(bed: Bed) {
    let mut tx = bed.begin().await;
    for (group, name) in [("a", "b2"), ("A", "B10"), ("c", "b2"), ("c", "a_"), ("c", "aa")] {
        let mut vault = vault(name);
        vault.resource_group = group.into();
        tx.insert_vault(&vault).await.unwrap();
    }
    let mut gone = vault("zz");
    gone.soft_deleted = Some(SoftDeleted { at: at(1), purge_at: at(2) });
    tx.insert_vault(&gone).await.unwrap();
    let names = async |tx: &mut dyn Tx, group: Option<NameKey>, limit| {
        let mut page = Page { after: None, limit };
        let mut names = Vec::new();
        loop {
            let slice = tx.vaults(subscription(), group.as_ref(), &page).await.unwrap();
            names.extend(slice.items.into_iter().map(|v| v.name));
            page.after = slice.next;
            if page.after.is_none() {
                return names;
            }
        }
    };
    for limit in [1, 2, 0] {
        assert_eq!(names(&mut *tx, None, limit).await, ["a_", "aa", "B10", "b2", "b2"], "{limit}");
        assert_eq!(names(&mut *tx, Some("A".into()), limit).await, ["B10", "b2"], "{limit}");
    }
}

async fn a_foreign_cursor_is_the_callers_mistake(bed: Bed) {
    let mut tx = bed.read().await;
    let page = Page { after: Some("'; DROP TABLE vaults; --".into()), limit: 1 };
    assert!(matches!(tx.vaults(subscription(), None, &page).await, Err(StoreError::BadCursor)));
    assert!(matches!(tx.points(id(), &PointFilter::default(), &page).await, Err(StoreError::BadCursor)));
}

async fn a_server_is_registered_to_one_vault_at_a_time(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let (one, two) = (server("Vm1"), server("vm0"));
    tx.put_server(&one).await.unwrap();
    tx.put_server(&two).await.unwrap();
    assert_eq!(tx.discovered(vault.id).await.unwrap(), []);
    tx.mark_discovered(vault.id, &[one.id, two.id], at(1)).await.unwrap();
    tx.mark_discovered(vault.id, &[one.id], at(2)).await.unwrap();
    assert_eq!(tx.discovered(vault.id).await.unwrap(), [two.clone(), one.clone()]);
    let mut held = container(vault.id, &one);
    tx.insert_container(&held).await.unwrap();
    assert!(matches!(tx.insert_container(&container(vault.id, &one)).await, Err(StoreError::Exists(_))));
    assert_eq!(tx.discovered(vault.id).await.unwrap(), [two.clone()]);
    assert_eq!(tx.container_of_server(one.id).await.unwrap(), Some(held.clone()));
    assert_eq!(tx.container(vault.id, &held.name.key()).await.unwrap(), Some(held.clone()));
    held.registration = Registration::SoftDeleted;
    held.healthy = false;
    tx.update_container(&held).await.unwrap();
    assert_eq!(tx.container_by_id(held.id).await.unwrap(), Some(held.clone()));
    assert_eq!(tx.container_of_server(one.id).await.unwrap(), None);
    assert_eq!(tx.discovered(vault.id).await.unwrap().len(), 2);
    let other = container(vault.id, &two);
    tx.insert_container(&other).await.unwrap();
    let first = tx.containers(vault.id, &Page { after: None, limit: 1 }).await.unwrap();
    assert_eq!(first.items, [other.clone()]);
    let rest = tx.containers(vault.id, &Page { after: first.next, limit: 1 }).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![held.clone()], None));
    let given_up = tx.containers_in(vault.id, Registration::SoftDeleted, &Page::default()).await.unwrap();
    assert_eq!((given_up.items, given_up.next), (vec![held.clone()], None));
    let registered = tx.containers_in(vault.id, Registration::Registered, &Page::default()).await.unwrap();
    assert_eq!((registered.items, registered.next), (vec![], None));
    assert!(tx.delete_container(held.id).await.unwrap());
    assert!(!tx.delete_container(held.id).await.unwrap());
    assert!(matches!(tx.update_container(&held).await, Err(StoreError::Missing(_))));
    // What was backed up of a server outlives the server's record.
    assert!(tx.delete_server(two.id).await.unwrap());
    assert!(tx.container_by_id(other.id).await.unwrap().is_some());
}

async fn a_policy_written_again_keeps_its_id_and_casing(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let first = policy(vault.id, "Hourly");
    tx.put_policy(&first).await.unwrap();
    assert_eq!(tx.policy_by_id(first.id).await.unwrap(), Some(first.clone()));
    let mut again = policy(vault.id, "HOURLY");
    again.spec = PolicySpec::Other { management: "AzureIaasVM".into(), body: serde_json::json!({"z": [1, {"y": null}]}) };
    again.etag = 2;
    again.updated_at = at(99);
    tx.put_policy(&again).await.unwrap();
    let stored = tx.policy(vault.id, &"hourly".into()).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.name.as_str(), stored.created_at), (first.id, "Hourly", first.created_at));
    assert_eq!((stored.spec, stored.etag, stored.updated_at), (again.spec, 2, at(99)));
    for name in ["b", "a"] {
        tx.put_policy(&policy(vault.id, name)).await.unwrap();
    }
    let mut oldest = policy(vault.id, "z");
    oldest.created_at = at(0);
    tx.put_policy(&oldest).await.unwrap();
    let page = tx.policies(vault.id, &Page { after: None, limit: 3 }).await.unwrap();
    assert_eq!(page.items.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["z", "a", "b"]);
    let rest = tx.policies(vault.id, &Page { after: page.next, limit: 3 }).await.unwrap();
    assert_eq!(rest.items.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Hourly"]);
    assert!(tx.delete_policy(oldest.id).await.unwrap());
    assert!(!tx.delete_policy(oldest.id).await.unwrap());
}

async fn items_are_found_by_policy_container_and_age(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut first = stored_item(&mut *tx, "v1").await;
    let held = tx.container_by_id(first.container_id).await.unwrap().unwrap();
    let second = item(&held, "Archive; 2025");
    tx.insert_item(&second).await.unwrap();
    let mut twin = item(&held, "sales");
    assert!(matches!(tx.insert_item(&twin).await, Err(StoreError::Exists(_))));
    twin.name = ItemName::new("MSSQLSERVER", "Old");
    twin.created_at = at(-1);
    tx.insert_item(&twin).await.unwrap();
    assert_eq!(tx.item(held.id, &"sqldatabase;mssqlserver;ARCHIVE; 2025".into()).await.unwrap(), Some(second.clone()));
    let policy = policy(held.vault_id, "Daily");
    tx.put_policy(&policy).await.unwrap();
    assert_eq!(tx.policy_use(policy.id).await.unwrap(), 0);
    first.policy_id = Some(policy.id);
    first.state = ItemState::Protected;
    first.last_backup = Some(LastBackup { at: at(70), fault: Some(JobFault::catalogue("UserErrorSQLPODoesNotExist", "")) });
    tx.update_item(&first).await.unwrap();
    assert_eq!(tx.item_by_id(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(tx.policy_use(policy.id).await.unwrap(), 1);
    let page = tx.items(held.vault_id, &ItemFilter::default(), &Page { after: None, limit: 2 }).await.unwrap();
    assert_eq!(page.items, [twin.clone(), first.clone()]);
    let rest = tx.items(held.vault_id, &ItemFilter::default(), &Page { after: page.next, limit: 2 }).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![second.clone()], None));
    let under = ItemFilter { policy_id: Some(policy.id), container_id: Some(held.id) };
    assert_eq!(tx.items(held.vault_id, &under, &Page::default()).await.unwrap().items, [first.clone()]);
    let elsewhere = ItemFilter { policy_id: None, container_id: Some(id()) };
    assert_eq!(tx.items(held.vault_id, &elsewhere, &Page::default()).await.unwrap().items, []);
    // By the whole name of the database, whatever its case and its separators, and in that vault alone.
    let named = async |tx: &mut dyn Tx, vault, name: &str| tx.items_named(vault, &name.into(), &Page::default()).await.unwrap().items;
    assert_eq!(named(&mut *tx, held.vault_id, "ARCHIVE; 2025").await, [second.clone()]);
    assert_eq!(named(&mut *tx, held.vault_id, "old").await, [twin.clone()]);
    assert_eq!(named(&mut *tx, held.vault_id, "2025").await, []);
    assert_eq!(named(&mut *tx, id(), "old").await, []);
    first.id = id();
    assert!(matches!(tx.update_item(&first).await, Err(StoreError::Missing(_))));
}

async fn soft_deleted_items_come_up_for_purge(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut gone = stored_item(&mut *tx, "v1").await;
    stored_item(&mut *tx, "v2").await;
    gone.soft_deleted = Some(SoftDeleted { at: at(10), purge_at: at(20) });
    tx.update_item(&gone).await.unwrap();
    assert_eq!(tx.items_to_purge(at(19), 9).await.unwrap(), []);
    assert_eq!(tx.items_to_purge(at(20), 9).await.unwrap(), [gone]);
    assert_eq!(tx.items_to_purge(at(20), 0).await.unwrap(), []);
}

async fn a_vault_takes_its_policies_and_marks_with_it(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let policy = policy(item.vault_id, "Daily");
    tx.put_policy(&policy).await.unwrap();
    assert!(tx.delete_item(item.id, at(1)).await.unwrap());
    assert!(tx.delete_container(item.container_id).await.unwrap());
    let seen = tx.server(subscription(), &"rg-1".into(), &"v1".into()).await.unwrap().unwrap();
    tx.mark_discovered(item.vault_id, &[seen.id], at(1)).await.unwrap();
    tx.remove_vault(item.vault_id).await.unwrap();
    let gone: VaultId = item.vault_id;
    assert_eq!(tx.policy_by_id(policy.id).await.unwrap(), None);
    assert_eq!(tx.discovered(gone).await.unwrap(), []);
    tx.commit().await.unwrap();
}
