//! The wire form of a protected item (wire-facts 6).

use crate::arm::containers::body::{container_id, host_name};
use crate::arm::containers::nodes::{NodeView, nodes_of};
use crate::arm::moment;
use jiff::Timestamp;
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{JobFault, codes};
use rsvault_domain::health::HealthStatus;
use rsvault_domain::id::NameKey;
use rsvault_domain::protection::{ItemState, MissedSlot, ProtectedItem};
use rsvault_domain::vault::Vault;
use rsvault_engine::protection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Request body of a protected item.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ItemBody {
    /// What is asked for.
    pub(crate) properties: Option<ItemPropertiesBody>,
}

/// What a client may say of an item; what the service derives is ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemPropertiesBody {
    /// `AzureVmWorkloadSQLDatabase`.
    pub(crate) protected_item_type: Option<String>,
    /// ARM id of the policy; empty to stop.
    pub(crate) policy_id: Option<String>,
    /// `ProtectionStopped` to stop and keep the data.
    pub(crate) protection_state: Option<String>,
    /// True to undelete.
    pub(crate) is_rehydrate: Option<bool>,
    /// The Resource Guard's requests, for a policy that keeps backups shorter.
    pub(crate) resource_guard_operation_requests: Option<Vec<String>>,
}

/// A protected item.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems`.
    pub(crate) r#type: &'static str,
    /// State.
    pub(crate) properties: ItemPropertiesView,
}

/// State of an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemPropertiesView {
    /// Database.
    pub(crate) friendly_name: String,
    /// Host name of the server.
    pub(crate) server_name: String,
    /// Instance.
    pub(crate) parent_name: String,
    /// `AzureVmWorkloadSQLInstance`, or `AzureVmWorkloadSQLAvailabilityGroup` (the service's word is not known).
    pub(crate) parent_type: &'static str,
    /// Nodes of an availability group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nodes_list: Option<Vec<NodeView>>,
    /// `Healthy` or `Unhealthy`.
    pub(crate) protection_status: &'static str,
    /// `IRPending`, `Protected`, `ProtectionStopped`, `BackupsSuspended`.
    pub(crate) protection_state: &'static str,
    /// `IRPending`, `Healthy`, `Unhealthy`.
    pub(crate) last_backup_status: &'static str,
    /// Start of the last backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_backup_time: Option<String>,
    /// How it ended, while that is not plainly well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_backup_error_detail: Option<ErrorDetailView>,
    /// Stable number of the database.
    pub(crate) protected_item_data_source_id: String,
    /// `IRPending`, `Healthy`, `Unhealthy`, `NotReachable`.
    pub(crate) protected_item_health_status: &'static str,
    /// Counts; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_info: Option<ItemExtendedInfoView>,
    /// `AzureVmWorkloadSQLDatabase`.
    pub(crate) protected_item_type: &'static str,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// `SQLDataBase`.
    pub(crate) workload_type: &'static str,
    /// Full name of the container: clients build restore targets on it.
    pub(crate) container_name: String,
    /// ARM id of the VM.
    pub(crate) source_resource_id: String,
    /// ARM id of the policy; absent while stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_id: Option<String>,
    /// Name of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_name: Option<String>,
    /// Time of the newest recovery point; the key is always there, since the Azure CLI's table fails without it.
    pub(crate) last_recovery_point: Option<String>,
    /// Whether it is soft-deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_scheduled_for_deferred_delete: Option<bool>,
    /// When it was deleted.
    #[serde(rename = "deferredDeleteTimeInUTC", skip_serializing_if = "Option::is_none")]
    pub(crate) deferred_delete_time_in_utc: Option<String>,
    /// How long it waits still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deferred_delete_time_remaining: Option<String>,
    /// Health by key figure: `BackupOperationStatusKPI`.
    pub(crate) kpis_healths: BTreeMap<&'static str, KpiView>,
    /// ARM id of the vault.
    pub(crate) vault_id: String,
    /// False.
    pub(crate) is_archive_enabled: bool,
    /// Days a deleted item waits in this vault.
    pub(crate) soft_delete_retention_period_in_days: u32,
}

/// An error, or `Success`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDetailView {
    /// Catalogue word.
    pub(crate) code: String,
    /// What happened.
    pub(crate) message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) recommendations: Vec<String>,
}

/// Health of a key figure (rulebook 7.2).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KpiView {
    /// `Healthy`, `TransientDegraded`, `PersistentDegraded`, `TransientUnhealthy`, `PersistentUnhealthy`.
    pub(crate) resource_health_status: &'static str,
    /// What is wrong; one with code 0 and title `Success` when nothing is.
    pub(crate) resource_health_details: Vec<HealthDetailView>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthDetailView {
    /// Number in the catalogue; 0 when all is well.
    pub(crate) code: i64,
    /// Catalogue word, or `Success`.
    pub(crate) title: String,
    /// What happened.
    pub(crate) message: String,
    /// What to do.
    pub(crate) recommendations: Vec<String>,
}

impl KpiView {
    /// How backups of the item do: its last one, and the slots that nothing was heard of.
    fn of_backups(item: &ProtectedItem) -> Self {
        let failed = item.last_backup.as_ref().and_then(|b| b.fault.as_ref());
        let times = item.track.trouble.as_ref().map_or(1, |t| t.times);
        let missed = item.track.missed.first().map(|m| JobFault::catalogue(codes::MISSED, missed(m)));
        let status = HealthStatus::after(failed.or(missed.as_ref()).map(|f| f.code.as_str()), times);
        let mut details: Vec<_> = failed.into_iter().chain(missed.as_ref()).map(HealthDetailView::of).collect();
        if details.is_empty() {
            details.push(HealthDetailView { code: 0, title: "Success".into(), message: String::new(), recommendations: Vec::new() });
        }
        Self { resource_health_status: status.kpi(), resource_health_details: details }
    }
}

impl HealthDetailView {
    fn of(fault: &JobFault) -> Self {
        Self {
            code: fault.number,
            title: fault.code.clone(),
            message: fault.message.clone(),
            recommendations: fault.recommendations.clone(),
        }
    }
}

fn missed(slot: &MissedSlot) -> String {
    format!("Nothing was heard of the {} backup that was due at {}.", slot.kind.as_str(), slot.slot)
}

/// Counts of an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemExtendedInfoView {
    /// Time of the oldest point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oldest_recovery_point: Option<String>,
    /// How many points.
    pub(crate) recovery_point_count: i64,
    /// `Consistent`.
    pub(crate) policy_state: &'static str,
    /// `FULL`, `SIMPLE`, `BULK_LOGGED`.
    pub(crate) recovery_model: &'static str,
}

/// ARM id of an item.
pub(crate) fn item_id(vault: &Vault, container: &Container, item: &ProtectedItem) -> String {
    format!("{}/protectedItems/{}", container_id(vault, container), item.name)
}

impl ItemView {
    /// The item. `details`: a single GET, which alone shows `extendedInfo`.
    pub(crate) fn new(facts: &protection::ItemView, now: Timestamp, details: bool) -> Self {
        let protection::ItemView { vault, container, server, item, policy, points } = facts;
        // A client names an item in whatever casing it likes; people see the names that discovery saw.
        let instance = container.inventory.instance(&item.name.instance);
        let named = |name: &str| name == item.name.database || NameKey::new(name) == NameKey::new(&item.name.database);
        let database = instance.and_then(|i| i.databases.iter().find(|d| named(&d.name)));
        let vault_id = vault.arm_id();
        let missed = item.track.missed.first();
        let failed = item.last_backup.as_ref().and_then(|b| b.fault.as_ref());
        let troubled = failed.is_some() || missed.is_some();
        let pending = item.state == ItemState::IRPending;
        let reachable = server.is_some() && container.healthy;
        let error = |code: &str, message: &str, recommendations: &[String]| ErrorDetailView {
            code: code.to_owned(),
            message: message.to_owned(),
            recommendations: recommendations.to_vec(),
        };
        Self {
            id: format!("{vault_id}/backupFabrics/Azure/protectionContainers/{}/protectedItems/{}", container.name, item.name),
            name: item.name.to_string(),
            r#type: "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
            properties: ItemPropertiesView {
                friendly_name: database.map_or(&item.name.database, |d| &d.name).clone(),
                server_name: host_name(container, server.as_deref()),
                parent_name: instance.map_or(&item.name.instance, |i| &i.name).clone(),
                parent_type: match container.group() {
                    Some(_) => "AzureVmWorkloadSQLAvailabilityGroup",
                    None => "AzureVmWorkloadSQLInstance",
                },
                nodes_list: container.group().map(nodes_of),
                protection_status: if troubled { "Unhealthy" } else { "Healthy" },
                protection_state: item.state.as_str(),
                last_backup_status: match (failed, points.count) {
                    (Some(_), _) => "Unhealthy",
                    (None, 0) => "IRPending",
                    (None, _) => "Healthy",
                },
                last_backup_time: item.last_backup.as_ref().map(|b| moment::full(b.at)),
                last_backup_error_detail: match failed {
                    Some(fault) => Some(error(&fault.code, &fault.message, &fault.recommendations)),
                    None if pending => Some(error("Success", "", &[])),
                    None => None,
                },
                protected_item_data_source_id: item.data_source_id.clone(),
                protected_item_health_status: match (reachable, troubled, pending) {
                    (false, ..) => "NotReachable",
                    (_, true, _) => "Unhealthy",
                    (_, false, true) => "IRPending",
                    _ => "Healthy",
                },
                extended_info: details.then(|| ItemExtendedInfoView {
                    oldest_recovery_point: points.oldest.map(moment::second),
                    recovery_point_count: points.count,
                    policy_state: if item.track.policy_fault.is_some() { "Inconsistent" } else { "Consistent" },
                    recovery_model: item.recovery_model.wire(),
                }),
                protected_item_type: "AzureVmWorkloadSQLDatabase",
                backup_management_type: "AzureWorkload",
                workload_type: "SQLDataBase",
                container_name: container.name.to_string(),
                source_resource_id: container.source_resource_id.clone(),
                policy_id: policy.as_ref().map(|p| format!("{vault_id}/backupPolicies/{}", p.name)),
                policy_name: policy.as_ref().map(|p| p.name.clone()),
                last_recovery_point: points.newest.map(moment::second),
                is_scheduled_for_deferred_delete: item.soft_deleted.map(|_| true),
                deferred_delete_time_in_utc: item.soft_deleted.map(|s| moment::full(s.at)),
                deferred_delete_time_remaining: item.soft_deleted.map(|s| moment::day_clock(s.purge_at.duration_since(now))),
                kpis_healths: BTreeMap::from([("BackupOperationStatusKPI", KpiView::of_backups(item))]),
                vault_id,
                is_archive_enabled: false,
                soft_delete_retention_period_in_days: vault.settings.soft_delete.retention_days,
            },
        }
    }
}

/// A list of items.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemList {
    /// Items in order of protection.
    pub(crate) value: Vec<ItemView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
