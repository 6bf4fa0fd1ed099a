//! What inquiry has found, as the two lists of the wire show it: containers by name, in each its instances by
//! name, each followed by its databases by name (wire-facts 4).
//!
//! Always holds: a page reads containers one by one, and no more of them than it shows rows of or skips over;
//! a cursor says where in a container the page ended, so a page costs the same wherever it is.

use super::{ContainerView, find_container};
use crate::Engine;
use crate::vaults::{VaultPath, find};
use rsvault_domain::discovery::{DataDirectory, DatabaseInventory, InstanceInventory, Inventory, Registration};
use rsvault_domain::fault::{Fault, JobFault, Result, codes};
use rsvault_domain::id::{ContainerName, ItemName, NameKey};
use rsvault_domain::intent::Standing;
use rsvault_domain::naming;
use rsvault_domain::ports::{Page, Slice, StoreError, Tx};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows of a page.
const ROWS: usize = 200;
/// Containers that a page looks at.
const CONTAINERS: usize = 50;

/// What is shown; None and true show all.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Of this container.
    pub container: Option<ContainerName>,
    /// Of this name: an instance or a database, compared without case.
    pub name: Option<String>,
    /// Instances.
    pub instances: bool,
    /// Databases.
    pub databases: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { container: None, name: None, instances: true, databases: true }
    }
}

impl Shown {
    fn admits(&self, instance: &InstanceInventory, database: Option<&DatabaseInventory>) -> bool {
        let (kind, name) = match database {
            Some(database) => (self.databases, &database.name),
            None => (self.instances, &instance.name),
        };
        kind && self.name.as_ref().is_none_or(|want| NameKey::new(want) == NameKey::new(name))
    }
}

/// An instance or a database of a container.
#[derive(Clone, Debug)]
pub struct Found {
    /// Container it is on.
    pub container: Arc<ContainerView>,
    /// Instance.
    pub instance: String,
    /// Databases of the instance.
    pub databases: usize,
    /// Default folders of the instance; empty for a database.
    pub directories: Vec<DataDirectory>,
    /// Database; None for the instance's own row.
    pub database: Option<String>,
    /// Why it cannot be backed up, or not be protected by itself, if so.
    pub fault: Option<JobFault>,
}

/// A row of `backupProtectableItems`.
#[derive(Clone, Debug)]
pub struct ProtectableItem {
    /// What it is.
    pub found: Found,
    /// Whether the instance is auto-protected.
    pub auto_protected: bool,
    /// Whether it may be protected, by itself or by auto-protection.
    pub selectable: bool,
}

/// Place of a row in its container: the instance's key, then key and name of the database if it is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place {
    instance: String,
    database: Option<(String, String)>,
}

/// Where a page ended: the cursor in front of the container, the container, the last row of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    before: Option<String>,
    container: Option<String>,
    row: Option<Place>,
}

impl At {
    fn read(page: &Page) -> Result<Self> {
        match &page.after {
            None => Ok(Self::default()),
            Some(text) => Ok(serde_json::from_str(text).map_err(|_| StoreError::BadCursor)?),
        }
    }
    fn write(&self) -> Result<Option<String>> {
        serde_json::to_string(self).map(Some).map_err(Fault::internal)
    }
}

/// A row of an inventory.
struct Row<'a> {
    place: Place,
    instance: &'a InstanceInventory,
    database: Option<&'a DatabaseInventory>,
    /// Whether another database of the instance has the same name but for case.
    twin: bool,
}

impl<'a> Row<'a> {
    /// All rows of an inventory in their order.
    fn all(inventory: &'a Inventory) -> Vec<Self> {
        let mut rows = Vec::new();
        for instance in &inventory.instances {
            let key = NameKey::new(&instance.name).to_string();
            let row = |database: Option<&'a DatabaseInventory>| Self {
                place: Place { instance: key.clone(), database: database.map(|d| (NameKey::new(&d.name).to_string(), d.name.clone())) },
                instance,
                database,
                twin: false,
            };
            rows.push(row(None));
            rows.extend(instance.databases.iter().map(|database| row(Some(database))));
        }
        rows.sort_by(|a, b| a.place.cmp(&b.place));
        let same = |a: &Self, b: &Self| {
            a.place.instance == b.place.instance
                && a.place.database.as_ref().zip(b.place.database.as_ref()).is_some_and(|(a, b)| a.0 == b.0)
        };
        let twins: Vec<bool> = rows.windows(2).map(|pair| matches!(pair, [a, b] if same(a, b))).collect();
        for (n, row) in rows.iter_mut().enumerate() {
            let before = n.checked_sub(1).and_then(|n| twins.get(n)).copied().unwrap_or_default();
            row.twin = before || twins.get(n).copied().unwrap_or_default();
        }
        rows
    }
    fn found(&self, container: &Arc<ContainerView>, fault: Option<JobFault>) -> Found {
        Found {
            container: container.clone(),
            instance: self.instance.name.clone(),
            databases: self.instance.databases.len(),
            directories: if self.database.is_none() { self.instance.directories.clone() } else { Vec::new() },
            database: self.database.map(|d| d.name.clone()),
            fault,
        }
    }
}

/// What is known of a container's databases beside its inventory.
struct Marks {
    /// Those that have an item, and whether it is soft-deleted.
    items: HashMap<NameKey, bool>,
    /// Auto-protected instances.
    auto_protected: HashSet<NameKey>,
    /// Databases that auto-protection leaves alone.
    left_out: HashSet<NameKey>,
}

impl Marks {
    async fn read(tx: &mut dyn Tx, container: &ContainerView) -> Result<Self> {
        let id = container.container.id;
        let (first, last) = (NameKey::new("sqldatabase;"), NameKey::new("sqldatabase<"));
        let items = tx.item_names(id, &first, &last).await?.into_iter().collect();
        let (mut auto_protected, mut left_out) = (HashSet::new(), HashSet::new());
        for intent in tx.intents_of_container(id).await? {
            auto_protected.insert(intent.target.key());
            let known = tx.intent_databases(intent.id).await?;
            left_out.extend(known.iter().filter(|d| d.standing == Standing::OptedOut).map(|d| d.name.key()));
        }
        Ok(Self { items, auto_protected, left_out })
    }
    /// The row as the list shows it; None: it is protected.
    fn item(&self, container: &Arc<ContainerView>, row: &Row<'_>) -> Option<ProtectableItem> {
        let auto_protected = self.auto_protected.contains(&NameKey::new(&row.instance.name));
        let Some(database) = row.database else {
            return Some(ProtectableItem { found: row.found(container, row.instance.fault.clone()), auto_protected, selectable: false });
        };
        let key = ItemName::new(&row.instance.name, &database.name).key();
        let soft_deleted = match self.items.get(&key) {
            None => false,
            Some(true) if auto_protected => true,
            Some(_) => return None,
        };
        let (fault, selectable) = if soft_deleted || self.left_out.contains(&key) {
            (Some(JobFault::catalogue(codes::OPTED_OUT, "")), false)
        } else {
            let unfit = if row.twin { naming::unfit(row.instance, &database.name) } else { naming::of_name(&database.name) };
            let selectable = unfit.as_ref().is_none_or(|unfit| unfit.by_auto_protection);
            (unfit.map(|unfit| JobFault { message: unfit.words(), ..JobFault::catalogue(codes::NAME_UNFIT, "") }), selectable)
        };
        Some(ProtectableItem { found: row.found(container, fault), auto_protected: false, selectable })
    }
}

/// Instances, and the databases that are not protected (wire-facts 0.7). A database that auto-protection leaves
/// alone, and one that cannot be protected under its name, are shown as such (rulebook 2.2, 2.3).
pub async fn protectable_items(engine: &Engine, path: &VaultPath, shown: &Shown, page: &Page) -> Result<Slice<ProtectableItem>> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let mut at = At::read(page)?;
    let mut items = Vec::new();
    for _ in 0..CONTAINERS {
        let slice = match &shown.container {
            Some(name) => Slice { items: tx.container(vault.id, &name.key()).await?.into_iter().collect(), next: None },
            None => tx.containers(vault.id, &Page { after: at.before.clone(), limit: 1 }).await?,
        };
        for container in slice.items.into_iter().filter(|c| c.registration != Registration::SoftDeleted) {
            let key = container.name.key().to_string();
            let mut last = at.row.take().filter(|_| at.container.as_ref() == Some(&key));
            let server = tx.server_by_id(container.server_id).await?;
            let view = Arc::new(ContainerView { vault: vault.clone(), container, server });
            let marks = Marks::read(tx.as_mut(), &view).await?;
            for row in Row::all(&view.container.inventory) {
                if last.as_ref().is_some_and(|last| row.place <= *last) || !shown.admits(row.instance, row.database) {
                    continue;
                }
                let Some(item) = marks.item(&view, &row) else { continue };
                if items.len() == ROWS {
                    let next = At { before: at.before, container: Some(key), row: last }.write()?;
                    return Ok(Slice { items, next });
                }
                items.push(item);
                last = Some(row.place);
            }
        }
        match slice.next {
            Some(next) => at = At { before: Some(next), ..At::default() },
            None => return Ok(Slice { items, next: None }),
        }
    }
    Ok(Slice { items, next: at.write()? })
}

/// All that lies on a container, protected or not.
pub async fn workload_items(engine: &Engine, path: &VaultPath, name: &ContainerName, shown: &Shown, page: &Page) -> Result<Slice<Found>> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let container = find_container(tx.as_mut(), &vault, name).await?;
    let server = tx.server_by_id(container.server_id).await?;
    let view = Arc::new(ContainerView { vault, container, server });
    let mut last = At::read(page)?.row;
    let mut items = Vec::new();
    for row in Row::all(&view.container.inventory) {
        // A group is no instance: it has no folders, and no restore goes there.
        let group = row.database.is_none() && view.container.name.is_group();
        if group || last.as_ref().is_some_and(|last| row.place <= *last) || !shown.admits(row.instance, row.database) {
            continue;
        }
        if items.len() == ROWS {
            return Ok(Slice { items, next: At { row: last, ..At::default() }.write()? });
        }
        items.push(row.found(&view, row.instance.fault.clone()));
        last = Some(row.place);
    }
    Ok(Slice { items, next: None })
}
