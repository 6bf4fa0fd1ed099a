//! Periodic discovery: every registered server is inquired by the vault itself, so that a changed
//! recovery model or a new database is known within a day (rulebook 2.1, 3.7).
//!
//! Always holds: one inquiry at a time; a server that is stopped is not asked, and its turn comes
//! again; a time is set whatever came of it, so that none is asked without pause.

use crate::Engine;
use crate::agents::queue;
use jiff::SignedDuration;
use rsvault_domain::discovery::{Container, ServerState};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::ServerId;
use rsvault_domain::ports::{Bell, EventKind, Tx};
use rsvault_domain::work::{CommandWork, InquiryPurpose};

/// Between two inquiries.
pub(crate) const EVERY: SignedDuration = SignedDuration::from_hours(8);

/// Inquires the servers whose time has come.
pub async fn discover(engine: &Engine) -> Result<()> {
    let now = engine.clock.now();
    if engine.store.read().await?.containers_to_discover(now, 1).await?.is_empty() {
        return Ok(());
    }
    let mut tx = engine.store.begin().await?;
    let mut asked = Vec::new();
    for mut container in tx.containers_to_discover(now, 100).await? {
        container.discover_at = Some(now.saturating_add(EVERY).map_err(Fault::internal)?);
        tx.update_container(&container).await?;
        if ask(engine, tx.as_mut(), &container).await? {
            asked.push(container.name.to_string());
        }
    }
    tx.commit().await?;
    if !asked.is_empty() {
        engine.wake.ring(Bell::Commands);
    }
    for name in asked {
        engine.note(EventKind::Discovery, name, "Inquired by the vault: its databases and their recovery models are read again.");
    }
    Ok(())
}

/// The agent of a server is heard of after a silence: if the server is taken for unhealthy it is inquired
/// at once, which tells how it stands now.
pub(crate) async fn after_silence(engine: &Engine, tx: &mut dyn Tx, server: ServerId) -> Result<()> {
    let Some(mut container) = tx.container_of_server(server).await?.filter(|container| !container.healthy) else { return Ok(()) };
    container.discover_at = Some(engine.clock.now());
    Ok(tx.update_container(&container).await?)
}

/// Queues an inquiry without job and operation; false if there is nobody to ask or one is under way.
async fn ask(engine: &Engine, tx: &mut dyn Tx, container: &Container) -> Result<bool> {
    let Some(server) = tx.server_by_id(container.server_id).await?.filter(|s| s.state == ServerState::Running) else { return Ok(false) };
    let Some(vault) = tx.vault_by_id(container.vault_id).await? else { return Ok(false) };
    if tx.open_commands(server.id).await?.iter().any(|c| matches!(c.work, CommandWork::Inquire { .. })) {
        return Ok(false);
    }
    let work = CommandWork::Inquire { container: container.id, purpose: InquiryPurpose::Inquire };
    queue(engine, tx, &server, &vault, None, work, None, None).await?;
    Ok(true)
}
