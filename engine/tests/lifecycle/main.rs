//! The life and death of vaults, containers and items through the whole engine, and multi-user authorization: single rules, and any
//! sequence of requests.
#![allow(unreachable_pub, dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod any_sequence;
mod guards;
mod invariants;
#[path = "../support/mod.rs"]
mod support;
mod vaults;
#[path = "../retention/world.rs"]
mod world;

use rsvault_domain::access::RoleAssignment;
use rsvault_domain::discovery::Registration;
use rsvault_domain::id::PrincipalId;
use rsvault_domain::ports::Clock;
use rsvault_engine::Caller;
use rsvault_engine::guards::{GuardChange, GuardPath, put_guard};
use rsvault_engine::protection::{self, Change};
use rsvault_engine::{discovery, vaults as vault_use};
use support::*;

pub const OWNER: PrincipalId = PrincipalId(uuid::Uuid::nil());

pub async fn give(t: &TestBox, who: PrincipalId, role: &str, scope: &str) {
    let mut tx = t.engine.store.begin().await.unwrap();
    tx.insert_assignment(&RoleAssignment::seeded(who, role, scope, t.clock.now())).await.unwrap();
    tx.commit().await.unwrap();
}
/// Somebody who holds no role on the guard.
pub fn stranger() -> Caller {
    let mut stranger = caller();
    stranger.principal.id = PrincipalId(uuid::Uuid::from_u128(99));
    stranger
}
pub fn guard_path() -> GuardPath {
    GuardPath { subscription: SUB, resource_group: "rg1".into(), name: "guard".into() }
}
/// A guard in the vault's region; its ARM id.
pub async fn guard(t: &TestBox) -> String {
    let change = GuardChange { location: Some("West Europe".into()), ..GuardChange::default() };
    put_guard(&t.engine, &caller(), &guard_path(), change).await.unwrap().0.arm_id()
}
/// `salesdb` soft-deleted and its server given up.
pub async fn given_up(t: &TestBox) {
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
}
pub async fn undelete_item(t: &TestBox) {
    protection::put(&t.engine, &caller(), &item_path(), &Change::Undelete).await.unwrap();
    t.settle().await;
}
pub async fn registration(t: &TestBox) -> Registration {
    discovery::get(&t.engine, &vault_path(), &container_name()).await.unwrap().container.registration
}
pub async fn deleted(t: &TestBox) -> Vec<rsvault_domain::vault::Vault> {
    vault_use::list_deleted(&t.engine, SUB, "westeurope", &Default::default()).await.unwrap().items
}
