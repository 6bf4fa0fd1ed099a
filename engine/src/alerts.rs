//! Alerts: raised in the transaction of what caused them, so that none is lost and none is fired for
//! something that did not happen (rulebook 7.1).

use crate::Engine;
use crate::vaults::{VaultPath, find};
use rsvault_domain::alert::{Alert, AlertKind};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ItemId, JobId, VaultId};
use rsvault_domain::ports::{About, EventKind, Page, Slice, Tx};
use rsvault_domain::vault::Vault;
use uuid::Uuid;

/// What an alert is about.
pub(crate) struct Cause {
    /// Vault.
    pub(crate) vault: VaultId,
    /// Item, if it is about one.
    pub(crate) item: Option<ItemId>,
    /// What people call it.
    pub(crate) subject: String,
    /// Which alert.
    pub(crate) kind: AlertKind,
    /// Catalogue code.
    pub(crate) code: Option<String>,
    /// What happened and what to do.
    pub(crate) text: String,
    /// Job.
    pub(crate) job: Option<JobId>,
}

/// Fires an alert, unless the vault has switched job alerts off and this is one.
pub(crate) async fn raise(engine: &Engine, tx: &mut dyn Tx, cause: Cause) -> Result<()> {
    if !cause.kind.is_security() && tx.vault_by_id(cause.vault).await?.is_some_and(|vault| silenced(&vault)) {
        return Ok(());
    }
    // Noted before the commit: who moves time reads it after the step, which ends with the commit.
    engine.note(EventKind::Alert, cause.subject.clone(), format!("{}: {}", cause.kind.title(), cause.text));
    let alert = Alert {
        id: Uuid::now_v7(),
        vault_id: cause.vault,
        item_id: cause.item,
        subject: cause.subject,
        kind: cause.kind,
        code: cause.code,
        text: cause.text,
        job_id: cause.job,
        fired_at: engine.clock.now(),
        resolved_at: None,
    };
    Ok(tx.insert_alert(&alert).await?)
}

/// `monitoringSettings.azureMonitorAlertSettings.alertsForAllJobFailures` is off.
fn silenced(vault: &Vault) -> bool {
    vault
        .settings
        .monitoring
        .pointer("/azureMonitorAlertSettings/alertsForAllJobFailures")
        .and_then(|v| v.as_str())
        .is_some_and(|word| word.eq_ignore_ascii_case("Disabled"))
}

/// Resolves the active alerts of a kind: their cause is over.
pub(crate) async fn resolve(engine: &Engine, tx: &mut dyn Tx, vault: VaultId, about: About<'_>, kind: AlertKind) -> Result<()> {
    while let Some(mut alert) = tx.active_alert(vault, about, kind).await? {
        alert.resolved_at = Some(engine.clock.now());
        tx.update_alert(&alert).await?;
    }
    Ok(())
}

/// An alert and what names the item it is about.
#[derive(Clone, Debug)]
pub struct AlertView {
    /// The alert.
    pub alert: Alert,
    /// ARM id of the server.
    pub server: Option<String>,
    /// Name of the item.
    pub item: Option<String>,
}

async fn view(tx: &mut dyn Tx, alert: Alert) -> Result<AlertView> {
    let item = match alert.item_id {
        Some(id) => tx.item_by_id(id).await?,
        None => None,
    };
    let server = match &item {
        Some(item) => tx.container_by_id(item.container_id).await?.map(|c| c.source_resource_id),
        None => None,
    };
    Ok(AlertView { alert, server, item: item.map(|item| item.name.to_string()) })
}

/// Alerts of a vault, newest first; with `fired`, only those that are not resolved.
pub async fn list(engine: &Engine, path: &VaultPath, fired: bool, page: &Page) -> Result<(Vault, Slice<AlertView>)> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let slice = tx.alerts(vault.id, fired, page).await?;
    let mut items = Vec::with_capacity(slice.items.len());
    for alert in slice.items {
        items.push(view(tx.as_mut(), alert).await?);
    }
    Ok((vault, Slice { items, next: slice.next }))
}

/// Closes an alert that someone has dealt with.
pub async fn close(engine: &Engine, path: &VaultPath, id: &str) -> Result<(Vault, AlertView)> {
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let found = match id.parse() {
        Ok(id) => tx.alert(vault.id, id).await?,
        Err(_) => None,
    };
    let mut alert = found.ok_or_else(|| {
        Fault::not_found(
            "AlertNotFound",
            format!("Alert '{id}' was not found in vault '{}'. List the vault's alerts for the ids.", vault.name),
        )
        .at("alertId")
    })?;
    if alert.resolved_at.is_none() {
        alert.resolved_at = Some(engine.clock.now());
        tx.update_alert(&alert).await?;
    }
    let view = view(tx.as_mut(), alert).await?;
    tx.commit().await?;
    Ok((vault, view))
}
