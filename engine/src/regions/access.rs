//! Access to a point of the secondary: what a client shows when it asks for the restore, and what the
//! token that goes with it is bound to.

use super::read::{chain, visible};
use super::{check_region, enabled};
use crate::Engine;
use crate::backups::PointView;
use crate::protection::{ItemPath, find_item};
use rsvault_domain::backup::{DEFAULT_RANGE, RecoveryPoint};
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::policy::Policy;
use rsvault_domain::vault::Vault;

/// A point of the secondary that may be restored.
#[derive(Clone, Debug)]
pub struct Access {
    /// Vault, container, item.
    pub of: PointView,
    /// Server that the item is on (None if it is gone).
    pub server: Option<Server>,
    /// Policy of the item.
    pub policy: Option<Policy>,
    /// The point; None for the range of the logs.
    pub point: Option<RecoveryPoint>,
    /// Name of the point, or of the range.
    pub name: String,
    /// The secondary region.
    pub region: String,
}

/// The point `name` of an item as the secondary has it.
pub async fn access(engine: &Engine, path: &ItemPath, name: &str) -> Result<Access> {
    let mut tx = engine.store.read().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let region = enabled(engine, &vault)?;
    check_region(engine, &region)?;
    may_leave(&vault)?;
    item.may_be_used()?;
    let range = name.eq_ignore_ascii_case(DEFAULT_RANGE);
    let point = if range { None } else { Some(visible(engine, tx.as_mut(), &vault, &item, name).await?) };
    if range && chain(engine, tx.as_mut(), &item).await?.ranges().is_empty() {
        return Err(Fault::not_found(
            "BMSUserErrorRecoveryPointNotFound",
            format!("No logs of '{}' that lead on from a full have arrived in region '{region}' yet. Choose a full, or wait.", item.name),
        )
        .at("recoveryPointId"));
    }
    let server = tx.server_by_id(container.server_id).await?;
    let policy = match item.policy_id {
        Some(id) => tx.policy_by_id(id).await?,
        None => None,
    };
    let name = point.as_ref().map_or_else(|| DEFAULT_RANGE.to_owned(), |point| point.name.to_string());
    Ok(Access { of: PointView { vault, container, item }, server, policy, point, name, region })
}

/// What forbids a restore in the other region whatever the point (rulebook 4.5, 5.8).
pub(super) fn may_leave(vault: &Vault) -> Result<()> {
    let refused = |why: String| Err(Fault::new(FaultKind::Unsupported, "BMSUserErrorCrossRegionRestoreNotSupported", why));
    if vault.settings.public_network_access == "Disabled" {
        return refused(format!(
            "Public network access of vault '{}' is denied; cross-region restore is not supported then. Allow it (publicNetworkAccess Enabled), or restore in the vault's own region.",
            vault.name
        ));
    }
    Ok(())
}
