//! The secondary region of the vaults that ask for one (rulebook 4.5): their sets are copied to another
//! object store, what has arrived there can be listed, and restored to servers of that region although
//! the primary's store is lost.
//!
//! Always holds: what the secondary shows it holds whole, verified chunk by chunk; a restore across
//! regions reads no byte of the primary's store; where no second region is set up, nothing is copied and
//! each request for it names the setting.

mod access;
mod copy;
mod jobs;
mod read;
mod restore;
mod survey;

pub use access::{Access, access};
pub(crate) use copy::{doom, queue_copy, run as run_copy};
pub use jobs::{Whose, job, jobs, operation};
pub use read::{items, point, points, whole_coverage};
pub use restore::{Ticket, trigger};
pub use survey::resume;
pub(crate) use survey::{queue_survey, run as run_survey};

use crate::Engine;
use jiff::SignedDuration;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::ports::ObjectStore;
use rsvault_domain::region;
use rsvault_domain::vault::Vault;
use std::sync::Arc;

/// The second region of a deployment.
#[derive(Clone)]
pub struct Secondary {
    /// Its bytes.
    pub objects: Arc<dyn ObjectStore>,
    /// What it is called for vaults whose own region Azure pairs with none.
    pub region: Option<String>,
    /// How long after its commit a point is shown there at the earliest.
    pub lag: SignedDuration,
}

/// The second region, or which setting makes one.
pub(crate) fn secondary(engine: &Engine) -> Result<&Secondary> {
    engine.secondary.as_ref().ok_or_else(|| {
        Fault::new(
            FaultKind::Unsupported,
            "CrossRegionRestoreNotConfigured",
            "This server has no second region, so backups are not copied anywhere. Start it with --secondary-objects file:PATH (setting 'secondary_objects').",
        )
    })
}

/// The region that a vault's copies are in.
pub fn region_of(engine: &Engine, vault: &Vault) -> Result<String> {
    let named = secondary(engine)?.region.as_deref();
    region::secondary_of(&vault.location, named).ok_or_else(|| {
        Fault::new(
            FaultKind::Unsupported,
            "CrossRegionRestoreNotConfigured",
            format!(
                "Region '{}' of vault '{}' is paired with none. Start the server with --secondary-region NAME (setting 'secondary_region').",
                vault.location, vault.name
            ),
        )
    })
}

/// Refuses a region that no vault of this server has its copies in.
pub fn check_region(engine: &Engine, name: &str) -> Result<()> {
    let named = secondary(engine)?.region.as_deref();
    if region::is_secondary(name, named) {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorInvalidRegion",
        format!("Region '{name}' is the secondary of no region. Ask the region that the vault's own is paired with."),
    )
    .at("azureRegion"))
}

/// The secondary of a vault that has asked for it.
fn enabled(engine: &Engine, vault: &Vault) -> Result<String> {
    let region = region_of(engine, vault)?;
    if vault.settings.cross_region_restore {
        return Ok(region);
    }
    Err(Fault::invalid(
        "BMSUserErrorCrossRegionRestoreNotEnabled",
        format!(
            "Cross-region restore is not enabled on vault '{}', so region '{region}' holds nothing of it. Set crossRegionRestoreFlag to true (GeoRedundant storage is needed).",
            vault.name
        ),
    ))
}

/// The same, for a request that names the region itself.
fn enabled_in(engine: &Engine, vault: &Vault, asked: &str) -> Result<()> {
    let region = enabled(engine, vault)?;
    if region::folded(asked) == region {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorInvalidRegion",
        format!("The secondary region of vault '{}' is '{region}', not '{asked}'. Ask '{region}'.", vault.name),
    )
    .at("azureRegion"))
}
