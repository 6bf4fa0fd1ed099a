//! The wire form of validations.

use crate::arm::fields::{INVALID, one_of, required, unsupported};
use crate::arm::lro::{OperationPropertiesView, OperationStatusView};
use crate::arm::names::VaultPath;
use crate::arm::restores::RestorePropertiesBody;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ArmId, ContainerName, ItemName, NameKey};
use rsvault_domain::operation::{Operation, OperationStatus, Subject};
use rsvault_engine::protection::ItemPath;
use rsvault_engine::restores::{RestoreRequest, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Request body of a validation.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ValidateBody {
    /// ARM id of the recovery point.
    pub(crate) id: Option<String>,
    /// What is to be validated.
    pub(crate) properties: Option<ValidatePropertiesBody>,
}

/// What is to be validated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidatePropertiesBody {
    /// `ValidateAzureWorkloadRestoreOperationRequest` or `ValidateRestoreOperationRequest`.
    pub(crate) object_type: Option<String>,
    /// The properties of the restore's own body.
    pub(crate) restore_request: Option<RestorePropertiesBody>,
}

const OBJECTS: &[&str] =
    &["ValidateAzureWorkloadRestoreOperationRequest", "ValidateRestoreOperationRequest", "ValidateIaasVMRestoreOperationRequest"];

impl ValidateBody {
    /// The item and the restore that are meant.
    pub(crate) fn request(self, vault: &VaultPath) -> Result<(ItemPath, RestoreRequest)> {
        let (item, point) = point_of(&required(self.id, "id")?, vault)?;
        let properties = required(self.properties, "properties")?;
        let object = required(properties.object_type, "properties.objectType")?;
        if one_of(&object, "properties.objectType", OBJECTS)?.contains("IaasVM") {
            return Err(unsupported(
                "Validation of a virtual machine's restore",
                "properties.objectType",
                "Send ValidateAzureWorkloadRestoreOperationRequest.",
            ));
        }
        let restore = required(properties.restore_request, "properties.restoreRequest")?;
        Ok((item, restore.request(&point).map_err(inside)?))
    }
}

/// Names the field where it stands in this body.
fn inside(mut fault: Fault) -> Fault {
    let moved = |text: &str| text.replace("properties.", "properties.restoreRequest.");
    fault.target = fault.target.as_deref().map(moved);
    fault.message = fault.message.replace("'properties.", "'properties.restoreRequest.");
    fault
}

/// The item and the recovery point of an ARM id, which must be of this vault.
fn point_of(id: &str, vault: &VaultPath) -> Result<(ItemPath, String)> {
    let parsed = ArmId::parse(id, "id")?;
    let asked = vault.ask()?;
    let same = parsed.subscription == asked.subscription
        && NameKey::new(&parsed.resource_group) == NameKey::new(&asked.resource_group)
        && parsed.name_of("vaults").is_some_and(|v| NameKey::new(v) == NameKey::new(&asked.name));
    let names = (parsed.name_of("protectionContainers"), parsed.name_of("protectedItems"), parsed.name_of("recoveryPoints"));
    let (true, (Some(container), Some(item), Some(point))) = (same, names) else {
        return Err(Fault::invalid(
            INVALID,
            format!(
                "Property 'id' is '{id}'; it must be the ARM id of a recovery point of vault '{}', as the list of points shows it.",
                asked.name
            ),
        )
        .at("id"));
    };
    let item = ItemPath { vault: asked, container: ContainerName::parse(container)?, item: ItemName::parse(item)? };
    Ok((item, point.to_owned()))
}

/// Answer of a validation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidationView {
    /// The verdict.
    pub(crate) validate_operation_response: VerdictView,
}

/// The verdict.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerdictView {
    /// Why the restore would be refused; empty when it would start.
    pub(crate) validation_results: Vec<ResultView>,
}

/// Why a restore would be refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultView {
    /// The code that the restore would be answered, or its job would end with.
    pub(crate) code: String,
    /// What is wrong, and the cure.
    pub(crate) message: String,
    /// Empty: the message says it.
    pub(crate) recommendations: Vec<String>,
}

impl VerdictView {
    fn new(verdict: Verdict) -> Self {
        let result = |(code, message)| ResultView { code, message, recommendations: Vec::new() };
        Self { validation_results: verdict.map(result).into_iter().collect() }
    }
}

impl ValidationView {
    /// With this verdict.
    pub(crate) fn new(verdict: Verdict) -> Self {
        Self { validate_operation_response: VerdictView::new(verdict) }
    }
}

/// The verdict of an operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidationStatusPropertiesView {
    /// `OperationStatusValidateOperationExtendedInfo`.
    pub(crate) object_type: &'static str,
    /// The verdict.
    pub(crate) validate_operation_response: VerdictView,
}

impl OperationStatusView {
    /// With the verdict of a validation that has succeeded.
    pub(crate) fn with_verdict(operation: &Operation) -> Self {
        let told = operation.subject == Subject::Validation && operation.status == OperationStatus::Succeeded;
        let verdict = told.then(|| ValidationStatusPropertiesView {
            object_type: "OperationStatusValidateOperationExtendedInfo",
            validate_operation_response: VerdictView::new(operation.error.clone()),
        });
        let bare = Self::bare(operation);
        Self { properties: verdict.map(OperationPropertiesView::Verdict).or(bare.properties), ..bare }
    }
}
