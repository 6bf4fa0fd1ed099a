//! Which change a PUT of an item asks for (az-client b): a policy enables, changes or resumes;
//! `ProtectionStopped` stops and keeps the data for ever, `BackupsSuspended` as per policy; the former
//! with `isRehydrate` undeletes.

use super::ItemBody;
use crate::arm::fields::{one_of, required, unsupported};
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_engine::protection::Change;

const TYPES: &[&str] = &[
    "AzureVmWorkloadSQLDatabase",
    "AzureVmWorkloadSQLInstance",
    "AzureVmWorkloadProtectedItem",
    "AzureVmWorkloadSAPHanaDatabase",
    "AzureVmWorkloadSAPHanaDBInstance",
    "AzureVmWorkloadSAPAseDatabase",
    "AzureFileShareProtectedItem",
    "AzureIaaSVMProtectedItem",
    "Microsoft.Compute/virtualMachines",
    "Microsoft.ClassicCompute/virtualMachines",
    "Microsoft.Sql/servers/databases",
    "MabFileFolderProtectedItem",
    "DPMProtectedItem",
    "GenericProtectedItem",
];
const STATES: &[&str] = &["IRPending", "Protected", "ProtectionError", "ProtectionStopped", "ProtectionPaused", "BackupsSuspended"];

/// Reads a body.
pub(crate) fn change(body: ItemBody) -> Result<Change> {
    let properties = required(body.properties, "properties")?;
    let kind = required(properties.protected_item_type, "properties.protectedItemType")?;
    if one_of(&kind, "properties.protectedItemType", TYPES)? != "AzureVmWorkloadSQLDatabase" {
        return Err(unsupported(
            &format!("A protected item of type {kind}"),
            "properties.protectedItemType",
            "Send AzureVmWorkloadSQLDatabase.",
        ));
    }
    let state = properties
        .protection_state
        .as_deref()
        .filter(|s| !s.is_empty())
        .map(|s| one_of(s, "properties.protectionState", STATES))
        .transpose()?;
    if properties.is_rehydrate == Some(true) {
        return match state {
            None | Some("ProtectionStopped") => Ok(Change::Undelete),
            Some(other) => Err(Fault::invalid(
                "BMSUserErrorInvalidConfigureProtectionRequest",
                format!("Property 'protectionState' is '{other}'; an item is undeleted into ProtectionStopped. Send that, then resume with a policy."),
            )
            .at("properties.protectionState")),
        };
    }
    match (state, properties.policy_id.filter(|p| !p.is_empty())) {
        (Some("ProtectionStopped"), _) => Ok(Change::Stop),
        (Some("BackupsSuspended"), _) => Ok(Change::Suspend),
        (_, Some(policy_id)) => Ok(Change::Enable { policy_id }),
        (_, None) => Err(Fault::invalid(
            "BMSUserErrorInvalidConfigureProtectionRequest",
            "Property 'policyId' is missing. Send the ARM id of a policy to protect the database, or protectionState ProtectionStopped to stop.",
        )
        .at("properties.policyId")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &serde_json::Value) -> Result<Change> {
        change(serde_json::from_value(serde_json::json!({ "properties": properties })).unwrap())
    }

    #[test]
    fn the_bodies_of_the_client_mean_what_it_wants() {
        let kind = "AzureVmWorkloadSQLDatabase";
        let enable = read(&serde_json::json!({"protectedItemType": kind, "policyId": "/p"})).unwrap();
        assert_eq!(enable, Change::Enable { policy_id: "/p".into() });
        let stop = read(&serde_json::json!({"protectedItemType": kind, "policyId": "", "protectionState": "ProtectionStopped"})).unwrap();
        assert_eq!(stop, Change::Stop);
        let suspend = read(&serde_json::json!({"protectedItemType": kind, "policyId": "", "protectionState": "BackupsSuspended"})).unwrap();
        assert_eq!(suspend, Change::Suspend);
        let undelete = read(
            &serde_json::json!({"protectedItemType": kind, "policyId": "", "protectionState": "ProtectionStopped", "isRehydrate": true}),
        )
        .unwrap();
        assert_eq!(undelete, Change::Undelete);
    }

    #[test]
    fn unknown_words_and_missing_policies_are_refused_by_field() {
        for (properties, field) in [
            (serde_json::json!({"policyId": "/p"}), "properties.protectedItemType"),
            (serde_json::json!({"protectedItemType": "Banana", "policyId": "/p"}), "properties.protectedItemType"),
            (serde_json::json!({"protectedItemType": "AzureVmWorkloadSQLDatabase"}), "properties.policyId"),
            (
                serde_json::json!({"protectedItemType": "AzureVmWorkloadSQLDatabase", "protectionState": "Asleep"}),
                "properties.protectionState",
            ),
        ] {
            assert_eq!(read(&properties).unwrap_err().target.as_deref(), Some(field), "{properties}");
        }
    }
}
