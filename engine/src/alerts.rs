//! Alerts: raised in the transaction of what caused them, so that none is lost and none is fired for
//! something that did not happen (rulebook 7.1).

use crate::Engine;
use rsvault_domain::alert::{Alert, AlertKind};
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ItemId, JobId, VaultId};
use rsvault_domain::ports::{EventKind, Tx};
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

/// Resolves the active alerts of a kind about an item: their cause is over.
pub(crate) async fn resolve(engine: &Engine, tx: &mut dyn Tx, vault: VaultId, item: Option<ItemId>, kind: AlertKind) -> Result<()> {
    while let Some(mut alert) = tx.active_alert(vault, item, kind).await? {
        alert.resolved_at = Some(engine.clock.now());
        tx.update_alert(&alert).await?;
    }
    Ok(())
}
