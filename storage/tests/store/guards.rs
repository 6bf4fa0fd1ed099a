//! Resource Guards, unlocked deletions, deleted vaults.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, id, item, stored_item, subscription, vault};
use rsvault_domain::guard::{Critical, GuardLink, ResourceGuard, Unlock};
use rsvault_domain::ports::{Page, Timer, Tx};
use rsvault_domain::protection::SoftDeleted;
use rsvault_domain::tenancy::RegionKey;

on_both!(
    a_guard_is_found_by_name_and_knows_the_vaults_linked_to_it,
    an_unlock_is_of_one_caller_and_one_item_and_expires,
    deleted_vaults_are_listed_by_region_and_age_page_by_page,
    a_deleted_vault_has_a_time_of_its_own,
);

fn guard(name: &str) -> ResourceGuard {
    ResourceGuard {
        id: id(),
        subscription: subscription(),
        resource_group: "Security".into(),
        name: name.into(),
        location: "westeurope".into(),
        tags: [("ü".to_owned(), "1".to_owned())].into(),
        excluded: vec![Critical::ShortenPolicy],
        created_at: at(0),
        updated_at: at(1),
    }
}

async fn a_guard_is_found_by_name_and_knows_the_vaults_linked_to_it(bed: Bed) {
    let mut tx = bed.begin().await;
    let (mut one, two) = (guard("Guard-B"), guard("guard-a"));
    tx.put_guard(&one).await.unwrap();
    tx.put_guard(&two).await.unwrap();
    one.excluded = vec![Critical::DeleteProtection, Critical::SecurityPin];
    one.tags.clear();
    one.updated_at = at(9);
    tx.put_guard(&one).await.unwrap();
    assert_eq!(tx.guard(subscription(), &"SECURITY".into(), &"guard-b".into()).await.unwrap(), Some(one.clone()));
    assert_eq!(tx.guard_by_id(two.id).await.unwrap(), Some(two.clone()));
    assert_eq!(tx.guards(subscription(), &"security".into()).await.unwrap(), [two.clone(), one.clone()]);
    assert_eq!(tx.guards(subscription(), &"rg".into()).await.unwrap(), []);
    let mut linked = vault("v1");
    linked.settings.guard = Some(GuardLink { guard: one.id, description: Some("d".into()), updated_at: at(2) });
    tx.insert_vault(&linked).await.unwrap();
    tx.insert_vault(&vault("v2")).await.unwrap();
    assert_eq!(tx.guarded_vaults(one.id, 9).await.unwrap(), [linked.clone()]);
    assert_eq!(tx.guarded_vaults(two.id, 9).await.unwrap(), []);
    linked.settings.guard = None;
    tx.update_vault(&linked).await.unwrap();
    assert_eq!(tx.guarded_vaults(one.id, 9).await.unwrap(), []);
    assert!(tx.delete_guard(one.id).await.unwrap());
    assert!(!tx.delete_guard(one.id).await.unwrap());
}

async fn an_unlock_is_of_one_caller_and_one_item_and_expires(bed: Bed) {
    let mut tx = bed.begin().await;
    let first = stored_item(&mut *tx, "v1").await;
    let held = tx.container_by_id(first.container_id).await.unwrap().unwrap();
    let second = item(&held, "other");
    let (vault, me) = (first.vault_id, id());
    let unlock = |critical, item, seconds| Unlock { vault, principal: me, critical, item, expires_at: at(seconds) };
    tx.put_unlock(&unlock(Critical::DeleteProtection, Some(first.id), 10), at(0)).await.unwrap();
    tx.put_unlock(&unlock(Critical::RemoveGuard, None, 20), at(0)).await.unwrap();
    tx.put_unlock(&unlock(Critical::RemoveGuard, None, 30), at(0)).await.unwrap();
    for (critical, item, now, open) in [
        (Critical::DeleteProtection, Some(first.id), 9, true),
        (Critical::DeleteProtection, Some(first.id), 10, false),
        (Critical::DeleteProtection, Some(second.id), 9, false),
        (Critical::DeleteProtection, None, 9, false),
        (Critical::RemoveGuard, None, 29, true),
        (Critical::RemoveGuard, None, 30, false),
    ] {
        assert_eq!(tx.unlocked(vault, me, critical, item, at(now)).await.unwrap(), open, "{critical:?} {item:?} {now}");
    }
    assert!(!tx.unlocked(vault, id(), Critical::RemoveGuard, None, at(1)).await.unwrap());
    tx.forget_unlocks(vault).await.unwrap();
    assert!(!tx.unlocked(vault, me, Critical::RemoveGuard, None, at(1)).await.unwrap());
}

async fn deleted_vaults_are_listed_by_region_and_age_page_by_page(bed: Bed) {
    let mut tx = bed.begin().await;
    // Several of one name; a live one is not shown.
    let mut expected = Vec::new();
    for (location, seconds) in [("North Europe", 5), ("westeurope", 9), ("West Europe", 3), ("WestEurope", 7)] {
        let mut gone = vault("v1");
        gone.location = location.into();
        gone.soft_deleted = Some(SoftDeleted { at: at(seconds), purge_at: at(seconds + 100) });
        tx.insert_vault(&gone).await.unwrap();
        expected.push((seconds, gone));
    }
    tx.insert_vault(&vault("v1")).await.unwrap();
    let all = async |tx: &mut dyn Tx, region: Option<RegionKey>, limit| {
        let mut page = Page { after: None, limit };
        let mut ids = Vec::new();
        loop {
            let slice = tx.deleted_vaults(subscription(), region.as_ref(), &page).await.unwrap();
            ids.extend(slice.items.into_iter().map(|v| v.id));
            page.after = slice.next;
            if page.after.is_none() {
                return ids;
            }
        }
    };
    expected.sort_by_key(|(seconds, _)| *seconds);
    let west: Vec<_> = expected.iter().filter(|(s, _)| *s != 5).map(|(_, v)| v.id).collect();
    let north = expected.iter().find(|(s, _)| *s == 5).map(|(_, v)| v.id).unwrap();
    for limit in [1, 2, 0] {
        assert_eq!(all(&mut *tx, Some(RegionKey::new("WEST EUROPE")), limit).await, west, "{limit}");
        let everywhere: Vec<_> = std::iter::once(north).chain(west.iter().copied()).collect();
        assert_eq!(all(&mut *tx, None, limit).await, everywhere, "{limit}");
    }
    assert_eq!(all(&mut *tx, Some(RegionKey::new("nowhere")), 0).await, []);
}

async fn a_deleted_vault_has_a_time_of_its_own(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut gone = vault("v1");
    tx.insert_vault(&gone).await.unwrap();
    assert!(!tx.timers().await.unwrap().iter().any(|(timer, _)| *timer == Timer::Purge));
    gone.soft_deleted = Some(SoftDeleted { at: at(10), purge_at: at(20) });
    tx.update_vault(&gone).await.unwrap();
    assert!(tx.timers().await.unwrap().contains(&(Timer::Purge, at(20))));
    let mut item = stored_item(&mut *tx, "v2").await;
    item.soft_deleted = Some(SoftDeleted { at: at(1), purge_at: at(15) });
    tx.update_item(&item).await.unwrap();
    assert!(tx.timers().await.unwrap().contains(&(Timer::Purge, at(15))));
    assert_eq!(tx.vaults_to_purge(at(20), 9).await.unwrap(), [gone]);
}
