//! What holds of vaults, containers, items and points at any moment (rulebook 5), and at rest.

use super::support::*;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{PointMark, SetState};
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::id::{ItemId, OperationId, SetId};
use rsvault_domain::operation::OperationStatus;
use rsvault_domain::policy::retention::Pruning;
use rsvault_domain::ports::{Clock, JobFilter, Page};
use rsvault_domain::protection::{ItemState, ProtectedItem};
use rsvault_domain::vault::{SoftDeleteState, Vault};
use std::collections::{BTreeMap, HashMap};

/// The least that any policy of the test keeps: no point goes before it but with its item.
const LEAST_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// All there is at a moment.
pub struct Look {
    pub now: Timestamp,
    pub vaults: Vec<Vault>,
    pub containers: Vec<Container>,
    pub items: HashMap<ItemId, ProtectedItem>,
    pub points: BTreeMap<SetId, (ItemId, PointMark)>,
}

impl Look {
    pub async fn at(t: &TestBox) -> Self {
        let mut tx = t.plain_store.read().await.unwrap();
        let page = Page { after: None, limit: 1000 };
        let mut vaults = tx.vaults(SUB, None, &page).await.unwrap().items;
        vaults.extend(tx.deleted_vaults(SUB, None, &page).await.unwrap().items);
        let mut look = Self { now: t.clock.now(), vaults, containers: Vec::new(), items: HashMap::new(), points: BTreeMap::new() };
        for vault in &look.vaults {
            look.containers.extend(tx.containers(vault.id, &page).await.unwrap().items);
            for item in tx.items(vault.id, &Default::default(), &page).await.unwrap().items {
                for mark in tx.marks(item.id).await.unwrap() {
                    look.points.insert(mark.link.set_id, (item.id, mark));
                }
                look.items.insert(item.id, item);
            }
        }
        look
    }

    fn vault(&self, item: &ProtectedItem) -> &Vault {
        self.vaults.iter().find(|v| v.id == item.vault_id).expect("an item has its vault")
    }

    /// What holds at any moment.
    pub fn hold(&self) -> Result<(), String> {
        let fail = |what: &str, whose: &dyn std::fmt::Debug| Err(format!("{what}: {whose:?}"));
        for item in self.items.values() {
            let has_policy = item.policy_id.is_some();
            let wants = !matches!(item.state, ItemState::ProtectionStopped);
            if has_policy != wants {
                return fail("a stopped item has no policy, every other has one", item);
            }
            if item.soft_deleted.is_some() && item.state != ItemState::ProtectionStopped {
                return fail("a soft-deleted item is stopped", item);
            }
            let Some(container) = self.containers.iter().find(|c| c.id == item.container_id) else {
                return fail("an item has its container", item);
            };
            if container.registration == Registration::SoftDeleted && wants {
                return fail("a soft-deleted container protects nothing", item);
            }
            let vault = self.vault(item);
            if let Some(gone) = vault.soft_deleted {
                let Some(own) = item.soft_deleted else { return fail("a deleted vault holds soft-deleted items alone", item) };
                if own.purge_at > gone.purge_at {
                    return fail("a vault does not go before its items", item);
                }
            }
        }
        let registered = |c: &&Container| c.registration != Registration::SoftDeleted;
        for container in self.containers.iter().filter(registered) {
            if self.containers.iter().filter(registered).filter(|c| c.server_id == container.server_id).count() > 1 {
                return fail("a server is registered to one vault", container);
            }
            if self.vaults.iter().any(|v| v.id == container.vault_id && v.soft_deleted.is_some()) {
                return fail("a deleted vault has no registered server", container);
            }
        }
        let live: Vec<_> = self.vaults.iter().filter(|v| v.soft_deleted.is_none()).map(|v| v.arm_id().to_lowercase()).collect();
        if live.iter().collect::<std::collections::HashSet<_>>().len() != live.len() {
            return fail("a path is one live vault's", &live);
        }
        Ok(())
    }

    /// That every point which is gone since `before` was let go by a rule.
    pub fn lost_nothing_since(&self, before: &Self) -> Result<(), String> {
        for (set, (id, mark)) in before.points.iter().filter(|(set, _)| !self.points.contains_key(set)) {
            let item = &before.items[id];
            let vault = before.vault(item);
            let now_off = self.vaults.iter().any(|v| v.id == vault.id && v.settings.soft_delete.state == SoftDeleteState::Disabled);
            let off = now_off || vault.settings.soft_delete.state == SoftDeleteState::Disabled;
            let immutable =
                vault.settings.immutability.is_on() && self.vaults.iter().any(|v| v.id == vault.id && v.settings.immutability.is_on());
            let purged = item.soft_deleted.is_some_and(|deleted| deleted.purge_at <= self.now);
            let why = match self.items.get(id) {
                // The item is gone with all its points.
                None => purged || (off && !immutable),
                // A stopped or soft-deleted item loses nothing.
                Some(after) if Pruning::of(after) == Pruning::Frozen && Pruning::of(item) == Pruning::Frozen => false,
                Some(_) if immutable => mark.expires_at.is_some_and(|at| at <= self.now),
                Some(_) => self.now.duration_since(mark.link.time) >= LEAST_KEPT,
            };
            if !why {
                return Err(format!(
                    "point {set} of {} is gone at {}: {mark:?} of {item:?}, vault {:?}",
                    item.name, self.now, vault.settings
                ));
            }
        }
        Ok(())
    }
}

/// At rest nothing is under way, and what is stored is what is committed.
pub async fn at_rest(t: &TestBox, operations: &[OperationId]) -> Result<(), String> {
    let mut tx = t.plain_store.read().await.unwrap();
    for id in operations {
        let operation = tx.operation(*id).await.unwrap();
        if operation.as_ref().is_some_and(|o| o.status == OperationStatus::InProgress) {
            return Err(format!("stuck: {operation:?}"));
        }
    }
    let page = Page { after: None, limit: 1000 };
    let mut vaults = tx.vaults(SUB, None, &page).await.unwrap().items;
    vaults.extend(tx.deleted_vaults(SUB, None, &page).await.unwrap().items);
    for vault in &vaults {
        let jobs = tx.jobs(vault.id, &JobFilter::default(), &page).await.unwrap().items;
        if let Some(job) = jobs.iter().find(|job| !job.status.is_final()) {
            return Err(format!("a job that does not end: {job:?}"));
        }
    }
    let open = tx.open_commands(t.server.id).await.unwrap();
    if !open.is_empty() {
        return Err(format!("commands that do not end: {open:?}"));
    }
    let mut wanted = std::collections::BTreeSet::new();
    for set in tx.sets_in(SetState::Committed, Timestamp::MAX, 10_000).await.unwrap() {
        let manifest = tx.set(set.id).await.unwrap().unwrap().manifest.unwrap();
        if tx.point_of_set(set.id).await.unwrap().is_none() {
            return Err(format!("a committed set without its point: {:?}", set.id));
        }
        wanted.insert(set.manifest_key());
        for stream in &manifest.streams {
            wanted.extend((0u32..).zip(&stream.chunk_list).map(|(seq, _)| set.chunk_key(stream.summary.stream, seq)));
        }
    }
    let stored: std::collections::BTreeSet<String> = t.plain_objects.list("", None, 10_000).await.unwrap().into_iter().collect();
    if stored != wanted {
        return Err(format!("objects {stored:?}, of committed sets {wanted:?}"));
    }
    Ok(())
}
