//! Trying a change without making it: a use case runs on a stage that is torn down afterwards, with the
//! tasks that it started, and what became of jobs, items and recovery points is told.
//!
//! Always holds: the same code runs as in earnest, so what a rehearsal refuses is refused; nothing of it
//! reaches the catalogue, the objects, the keys, an agent or a waiter; its time stands still.

mod compare;
mod stage;

pub use compare::{Effects, Fate, ItemEffect, PointEffect};

use crate::vaults::VaultPath;
use crate::{Engine, reconcile, regions, tasks};
use jiff::Timestamp;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ItemId, JobId};
use rsvault_domain::job::Job;
use rsvault_domain::ports::{JobFilter, Page, Tx};
use rsvault_domain::vault::Vault;
use std::collections::HashSet;
use std::sync::Arc;

/// Items whose points are compared; of more the first in the order of their jobs.
const ITEMS: usize = 200;

/// A stage with the house as it stands.
pub struct Rehearsal {
    /// What the use case runs on.
    pub engine: Arc<Engine>,
    now: Timestamp,
}

impl Rehearsal {
    /// Builds the stage. Until it is dropped nobody else writes.
    pub async fn begin(engine: &Engine) -> Result<Self> {
        let now = engine.trusted_now();
        let engine = Engine::in_regions(
            engine.store.rehearse().await?,
            Arc::new(stage::Sealed(engine.objects.clone())),
            engine.secondary.clone().map(|region| regions::Secondary { objects: Arc::new(stage::Sealed(region.objects)), ..region }),
            Arc::new(stage::NoKeys),
            Arc::new(stage::StandsStill(now)),
            Arc::new(stage::Silence),
        );
        Ok(Self { engine, now })
    }

    /// Runs what the use case started and says what came of it all in the vault at `path`. `real` is where
    /// nothing has happened.
    pub async fn effects(&self, real: &Engine, path: &VaultPath) -> Result<Effects> {
        let mut before = real.store.read().await?;
        let known = find(before.as_mut(), path).await?;
        let mut after = self.engine.store.read().await?;
        let made = find(after.as_mut(), path).await?;
        drop(after);
        let Some(vault) = made.or(known) else { return Ok(Effects::default()) };
        let old: HashSet<JobId> = self.jobs(before.as_mut(), &vault).await?.iter().map(|job| job.id).collect();

        tasks::rehearse(&self.engine, vault.id).await?;
        let mut after = self.engine.store.read().await?;
        let mut jobs = self.jobs(after.as_mut(), &vault).await?;
        drop(after);
        jobs.retain(|job| !old.contains(&job.id));
        let mut items: Vec<ItemId> = Vec::new();
        for id in jobs.iter().filter_map(|job| job.item_id) {
            if !items.contains(&id) {
                items.push(id);
            }
        }
        let left_out = items.len().saturating_sub(ITEMS);
        items.truncate(ITEMS);
        let mut effects = Effects { jobs, left_out, ..Effects::default() };
        for item in items {
            reconcile::retention::reap(&self.engine, item).await?;
            let mut after = self.engine.store.read().await?;
            effects.compare(before.as_mut(), after.as_mut(), item, self.now).await?;
        }
        Ok(effects)
    }

    /// Jobs of a vault that start now.
    async fn jobs(&self, tx: &mut dyn Tx, vault: &Vault) -> Result<Vec<Job>> {
        let filter = JobFilter { from: Some(self.now), ..JobFilter::default() };
        let mut page = Page::default();
        let mut jobs = Vec::new();
        loop {
            let slice = tx.jobs(vault.id, &filter, &page).await?;
            jobs.extend(slice.items);
            match slice.next {
                Some(next) => page.after = Some(next),
                None => return Ok(jobs),
            }
        }
    }
}

async fn find(tx: &mut dyn Tx, path: &VaultPath) -> Result<Option<Vault>> {
    Ok(tx.vault(path.subscription, &path.resource_group.as_str().into(), &path.name.as_str().into()).await?)
}
