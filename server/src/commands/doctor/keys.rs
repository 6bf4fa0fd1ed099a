//! The vaults' keys: rights of the folder, and a wrap and unwrap with a key made for it.

use super::finding::Finding;
use crate::exit::explain;
use rsvault_domain::backup::WrappedKey;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::KeyRing;
use rsvault_protocol::seal::{DataKey, wrap_key};
use rsvault_storage::FileKeyRing;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) async fn check(dir: &Path) -> Finding {
    let name = "keys";
    let ring = match FileKeyRing::open(dir) {
        Ok(ring) => ring,
        Err(fault) => return Finding::wrong(name, explain(&fault), "Mend the rights of the key folder."),
    };
    if let Err(fault) = probe(ring.as_ref()).await {
        return Finding::wrong(name, explain(&fault), "Mend the rights of the key folder; bring lost key files back from their backup.");
    }
    match std::fs::metadata(dir).map(|m| m.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => Finding::wrong(
            name,
            format!("{} is open to others (mode {mode:o})", dir.display()),
            format!("Run: chmod 700 {}", dir.display()),
        ),
        Ok(_) => Finding::good(name, format!("{} makes, wraps and unwraps; keep a copy of it apart from the backups", dir.display())),
        Err(error) => Finding::wrong(name, format!("{}: {error}", dir.display()), "Mend the rights of the key folder."),
    }
}

/// With a key of its own, destroyed at the end.
async fn probe(ring: &dyn KeyRing) -> Result<()> {
    let vault = VaultId(uuid::Uuid::new_v4());
    let tried = round_trip(ring, vault).await;
    ring.forget(vault).await?;
    tried
}

async fn round_trip(ring: &dyn KeyRing, vault: VaultId) -> Result<()> {
    let recipient = ring.recipient(vault).await?;
    let key = DataKey::generate().map_err(Fault::internal)?;
    let wrapped = wrap_key(&key, &recipient.public_key_pem).map_err(Fault::internal)?;
    let opened = ring.unwrap_key(vault, &WrappedKey { key_id: recipient.key_id, version: recipient.version, wrapped }).await?;
    if opened.as_slice() == key.expose() { Ok(()) } else { Err(Fault::internal("a key came back changed")) }
}
