//! Multi-user authorization (rulebook 5.4).

use super::support::*;
use super::*;
use jiff::SignedDuration;
use rsvault_domain::FaultKind;
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::Result;
use rsvault_domain::guard::{Critical, PROXY, UNLOCK_MINUTES};
use rsvault_domain::vault::{Immutability, SoftDeleteState};
use rsvault_engine::guards::{delete_guard, delete_proxy, get_proxy, list_proxies, put_proxy, unlock};
use rsvault_engine::vaults::VaultChange;
use rsvault_engine::{alerts, policies};

/// A vault linked to a guard on which only the owner holds rights.
async fn guarded() -> TestBox {
    let t = TestBox::new().await;
    give(&t, OWNER, "Backup MUA Operator", "/").await;
    t.protected().await;
    let id = guard(&t).await;
    put_proxy(&t.engine, &caller(), &vault_path(), PROXY, &id, None).await.unwrap();
    t
}
async fn showing(t: &TestBox, by: Caller, critical: Critical) -> Caller {
    let proxy = get_proxy(&t.engine, &vault_path(), PROXY).await.unwrap();
    by.showing(Some(vec![proxy.guard.request(critical)]))
}
fn item_id() -> String {
    format!("{}/backupFabrics/Azure/protectionContainers/{}/protectedItems/{}", vault_path().arm_id(), container_name(), item_path().item)
}
fn refused<T>(result: Result<T>, code: &str) {
    let Err(fault) = result else { panic!("not refused; expected {code}") };
    assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Forbidden, code), "{fault}");
}

#[tokio::test]
async fn a_vault_is_linked_to_a_guard_of_its_region_by_somebody_who_may_read_it() {
    let t = TestBox::new().await;
    t.protected().await;
    let id = guard(&t).await;
    assert!(list_proxies(&t.engine, &vault_path()).await.unwrap().is_none());
    refused(put_proxy(&t.engine, &caller(), &vault_path(), PROXY, &id, None).await, "LinkedAuthorizationFailed");
    give(&t, OWNER, "Reader", &id).await;
    let link = async |name: &str, id: &str| put_proxy(&t.engine, &caller(), &vault_path(), name, id, None).await;
    assert_eq!(link("Other", &id).await.unwrap_err().code, "BMSUserErrorInvalidInput");
    assert_eq!(link(PROXY, &vault_path().arm_id()).await.unwrap_err().code, "LinkedInvalidPropertyId");
    give(&t, OWNER, "Reader", "/").await;
    assert_eq!(link(PROXY, &format!("{id}x")).await.unwrap_err().code, "LinkedInvalidPropertyId");
    let far = GuardChange { location: Some("northeurope".into()), ..GuardChange::default() };
    let far = put_guard(&t.engine, &caller(), &GuardPath { name: "far".into(), ..guard_path() }, far).await.unwrap().0.arm_id();
    assert_eq!(link(PROXY, &far).await.unwrap_err().code, "UserErrorResourceGuardRegionMismatch");
    link(PROXY, &id).await.unwrap();
    link("vaultproxy", &id.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions")).await.unwrap();
    assert_eq!(delete_guard(&t.engine, &guard_path()).await.unwrap_err().code, "UserErrorResourceGuardInUse");
}

#[tokio::test]
async fn a_guard_made_anew_under_a_name_gives_nobody_the_rights_on_the_one_before() {
    let t = TestBox::new().await;
    t.protected().await;
    let id = guard(&t).await;
    give(&t, OWNER, "Backup MUA Admin", &id).await;
    assert!(delete_guard(&t.engine, &guard_path()).await.unwrap());
    assert_eq!(guard(&t).await, id);
    refused(put_proxy(&t.engine, &caller(), &vault_path(), PROXY, &id, None).await, "LinkedAuthorizationFailed");
}

#[tokio::test]
async fn a_policy_that_is_shortened_while_an_item_moves_to_it_does_not_pass_the_guard_by() {
    let t = guarded().await;
    let policy = async |days| policies::put(&t.engine, &caller(), &vault_path(), "mine", super::world::daily(days, 34), false).await;
    policy(40).await.unwrap();
    // Nothing gets shorter by the move, and the policy protects nothing yet: neither asks the guard.
    protection::put(&t.engine, &caller(), &item_path(), &enable("mine")).await.unwrap();
    policy(7).await.unwrap();
    let before = t.item().await.policy_id;
    t.settle().await;
    let item = t.item().await;
    assert_eq!(item.policy_id, before, "the move is refused when it is carried out");
    // Asked for as it is now, the guard has its say.
    refused(protection::put(&t.engine, &caller(), &item_path(), &enable("mine")).await, "UserErrorResourceGuardRequestRequired");
    let shown = showing(&t, caller(), Critical::ShortenProtection).await;
    protection::put(&t.engine, &shown, &item_path(), &enable("mine")).await.unwrap();
    t.settle().await;
    assert_ne!(t.item().await.policy_id, before);
}

#[tokio::test]
async fn critical_operations_need_the_guards_request_and_a_right_on_the_guard() {
    let t = guarded().await;
    let off = || VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    let patch = async |by: &Caller, change: VaultChange| vault_use::patch(&t.engine, by, &vault_path(), change).await.map(drop);
    let shorter =
        async |by: &Caller| policies::put(&t.engine, by, &vault_path(), "HourlyLogBackup", world::daily(8, 8), false).await.map(drop);
    refused(patch(&caller(), off()).await, "UserErrorResourceGuardRequestRequired");
    refused(patch(&showing(&t, caller(), Critical::ShortenPolicy).await, off()).await, "UserErrorResourceGuardRequestRequired");
    refused(patch(&showing(&t, stranger(), Critical::DisableSoftDelete).await, off()).await, "LinkedAuthorizationFailed");
    refused(shorter(&caller()).await, "UserErrorResourceGuardRequestRequired");
    refused(shorter(&showing(&t, stranger(), Critical::ShortenPolicy).await).await, "LinkedAuthorizationFailed");
    // What protects no less needs nothing.
    patch(&caller(), VaultChange { soft_delete_days: Some(90), immutability: Some(Immutability::Unlocked), ..Default::default() })
        .await
        .unwrap();
    let on = VaultChange { immutability: Some(Immutability::Disabled), ..Default::default() };
    refused(patch(&caller(), on.clone()).await, "UserErrorResourceGuardRequestRequired");
    patch(&showing(&t, caller(), Critical::ReduceImmutability).await, on).await.unwrap();
    policies::put(&t.engine, &caller(), &vault_path(), "Short", world::daily(8, 8), false).await.unwrap();
    refused(protection::put(&t.engine, &caller(), &item_path(), &enable("Short")).await, "UserErrorResourceGuardRequestRequired");
    let may = showing(&t, caller(), Critical::ShortenProtection).await;
    protection::put(&t.engine, &may, &item_path(), &enable("Short")).await.unwrap();
    t.settle().await;
    protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
    t.settle().await;
    shorter(&showing(&t, caller(), Critical::ShortenPolicy).await).await.unwrap();
    patch(&showing(&t, caller(), Critical::DisableSoftDelete).await, off()).await.unwrap();
}

#[tokio::test]
async fn a_guarded_item_is_deleted_only_by_who_unlocked_it_and_in_time() {
    let t = guarded().await;
    let delete = async |by: &Caller| protection::delete(&t.engine, by, &item_path()).await.map(drop);
    let unlock = async |by: &Caller, resource: Option<&str>| unlock(&t.engine, by, &vault_path(), PROXY, resource).await;
    refused(delete(&caller()).await, "UserErrorResourceGuardUnlockRequired");
    let may = showing(&t, caller(), Critical::DeleteProtection).await;
    assert_eq!(unlock(&may, None).await.unwrap_err().target.as_deref(), Some("resourceToBeDeleted"));
    assert_eq!(unlock(&caller(), Some(&item_id())).await.unwrap_err().target.as_deref(), Some("resourceGuardOperationRequests"));
    let stranger_shows = showing(&t, stranger(), Critical::DeleteProtection).await;
    refused(unlock(&stranger_shows, Some(&item_id())).await, "LinkedAuthorizationFailed");
    let until = unlock(&may, Some(&item_id())).await.unwrap();
    assert_eq!(until, t.clock.now() + SignedDuration::from_mins(UNLOCK_MINUTES));
    refused(delete(&stranger()).await, "UserErrorResourceGuardUnlockRequired");
    t.clock.advance(SignedDuration::from_mins(UNLOCK_MINUTES));
    refused(delete(&caller()).await, "UserErrorResourceGuardUnlockRequired");
    unlock(&may, Some(&item_id())).await.unwrap();
    delete(&caller()).await.unwrap();
    t.settle().await;
    assert!(t.item().await.soft_deleted.is_some());
}

#[tokio::test]
async fn the_link_is_removed_after_unlocking_alone_and_an_alert_tells() {
    let t = guarded().await;
    let remove = async || delete_proxy(&t.engine, &caller(), &vault_path(), PROXY).await;
    refused(remove().await, "UserErrorResourceGuardUnlockRequired");
    let may = showing(&t, caller(), Critical::RemoveGuard).await;
    unlock(&t.engine, &may, &vault_path(), PROXY, None).await.unwrap();
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap());
    let (_, shown) = alerts::list(&t.engine, &vault_path(), false, &Default::default()).await.unwrap();
    assert!(shown.items.iter().any(|view| view.alert.kind == AlertKind::MuaDisabled));
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    assert!(delete_guard(&t.engine, &guard_path()).await.unwrap());
}

#[tokio::test]
async fn what_a_guard_leaves_out_asks_nobody() {
    let t = guarded().await;
    let excluded = vec![Critical::DeleteProtection.operation().to_owned()];
    put_guard(&t.engine, &caller(), &guard_path(), GuardChange { excluded: Some(excluded), ..GuardChange::default() }).await.unwrap();
    protection::delete(&t.engine, &stranger(), &item_path()).await.unwrap();
    let change = VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    refused(vault_use::patch(&t.engine, &stranger(), &vault_path(), change).await, "UserErrorResourceGuardRequestRequired");
}
