//! The extended information of a vault.

use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::extended::ExtendedInfo;

/// Reads it; 404 until it is written for the first time.
pub async fn get(engine: &Engine, path: &VaultPath) -> Result<(Vault, ExtendedInfo)> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let info = tx.extended_info(vault.id).await?.ok_or_else(|| {
        Fault::not_found(
            "ResourceExtendedInfoNotFound",
            format!("Vault '{}' has no extended information yet. Write it with PUT first.", vault.name),
        )
    })?;
    Ok((vault, info))
}

/// Writes it: PUT replaces all, PATCH (which wants one that stands) what it names. `expected`: the etag that must stand, if
/// the client named one.
pub async fn write(
    engine: &Engine,
    _caller: &Caller,
    path: &VaultPath,
    new: ExtendedInfo,
    replace: bool,
    expected: Option<&str>,
) -> Result<(Vault, ExtendedInfo)> {
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let stands = tx.extended_info(vault.id).await?;
    if let Some(expected) = expected
        && stands.as_ref().map(|s| s.etag.to_string()).as_deref() != Some(expected)
    {
        return Err(Fault::conflict(
            "ResourceExtendedInfoChanged",
            "The etag is not that of the extended information as it stands. Read it again, then write with its etag or with none.",
        )
        .at("etag"));
    }
    if stands.is_none() && !replace {
        return Err(Fault::not_found(
            "ResourceExtendedInfoNotFound",
            format!("Vault '{}' has no extended information yet. Write it with PUT first.", vault.name),
        ));
    }
    let new = ExtendedInfo { etag: uuid::Uuid::new_v4(), ..new };
    let info = ExtendedInfo::change(stands, new, replace)?;
    tx.put_extended_info(vault.id, &info).await?;
    tx.commit().await?;
    Ok((vault, info))
}
