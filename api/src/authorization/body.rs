//! Wire types of `Microsoft.Authorization`.

use crate::arm::moment;
use rsvault_domain::access::{Role, RoleAssignment};
use rsvault_domain::fault::{Fault, Result};
use rsvault_engine::access::Grant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a client sends.
#[derive(Deserialize, ToSchema)]
pub(super) struct RoleAssignmentCreateParameters {
    /// The assignment.
    properties: Option<GrantBody>,
}

/// The assignment asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoleAssignmentProperties)]
pub(super) struct GrantBody {
    /// Id of a role definition; its last segment counts.
    role_definition_id: Option<String>,
    /// Object id of a service principal.
    principal_id: Option<String>,
    /// `ServicePrincipal`.
    principal_type: Option<String>,
    /// Conditions are refused: rsvault has none.
    #[schema(value_type = Option<String>)]
    condition: Option<Value>,
}

impl RoleAssignmentCreateParameters {
    pub(super) fn grant(self) -> Result<Grant> {
        let missing = |field: &str| {
            Fault::invalid("BadRequestFormat", format!("Property '{field}' is missing. Send it.")).at(format!("properties.{field}"))
        };
        let body = self
            .properties
            .ok_or_else(|| Fault::invalid("BadRequestFormat", "Property 'properties' is missing. Send it.").at("properties"))?;
        if body.condition.is_some_and(|condition| !condition.is_null()) {
            let rule = "Property 'condition' is not supported: a role of this server is given without conditions. Leave it out.";
            return Err(Fault::invalid("ConditionNotSupported", rule).at("properties.condition"));
        }
        if let Some(kind) = body.principal_type.filter(|kind| !kind.eq_ignore_ascii_case("ServicePrincipal")) {
            let rule = format!(
                "Property 'principalType' is '{kind}'; this server knows service principals only. Send 'ServicePrincipal' or leave it out."
            );
            return Err(Fault::invalid("UnmatchedPrincipalType", rule).at("properties.principalType"));
        }
        let principal = body.principal_id.ok_or_else(|| missing("principalId"))?;
        let principal = principal.parse().map_err(|_| {
            Fault::invalid(
                "InvalidPrincipalId",
                format!("Property 'principalId' is '{principal}', which is not a GUID. Send a principal's object id."),
            )
            .at("properties.principalId")
        })?;
        Ok(Grant { principal, definition: body.role_definition_id.ok_or_else(|| missing("roleDefinitionId"))? })
    }
}

/// A role assignment.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleAssignment)]
pub(super) struct AssignmentView {
    /// ARM id.
    id: String,
    /// GUID.
    name: String,
    /// `Microsoft.Authorization/roleAssignments`.
    r#type: &'static str,
    /// What it says.
    properties: AssignmentProperties,
}

/// What a role assignment says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignmentProperties {
    /// Id of the role's definition.
    role_definition_id: String,
    /// Who has it.
    principal_id: String,
    /// `ServicePrincipal`.
    principal_type: &'static str,
    /// Where.
    scope: String,
    /// Since when.
    created_on: String,
    /// The same: an assignment does not change.
    updated_on: String,
}

/// Role assignments.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoleAssignmentListResult)]
pub(super) struct AssignmentList {
    /// By scope.
    pub(super) value: Vec<AssignmentView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_link: Option<String>,
}

impl AssignmentView {
    /// `subscription`: of the request, below which definitions are shown.
    pub(super) fn new(assignment: &RoleAssignment, subscription: &str) -> Self {
        let definition = rsvault_domain::access::role(&assignment.role).map_or(assignment.role.as_str(), |role| role.id);
        let scope = assignment.scope.trim_end_matches('/');
        let at = moment::full(assignment.created_at);
        Self {
            id: format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", assignment.id),
            name: assignment.id.to_string(),
            r#type: "Microsoft.Authorization/roleAssignments",
            properties: AssignmentProperties {
                role_definition_id: definition_id(subscription, definition),
                principal_id: assignment.principal_id.to_string(),
                principal_type: "ServicePrincipal",
                scope: if scope.is_empty() { "/".to_owned() } else { scope.to_owned() },
                created_on: at.clone(),
                updated_on: at,
            },
        }
    }
}

fn definition_id(subscription: &str, id: &str) -> String {
    format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{id}")
}

/// A role definition.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleDefinition)]
pub(super) struct DefinitionView {
    /// ARM id.
    id: String,
    /// GUID.
    name: &'static str,
    /// `Microsoft.Authorization/roleDefinitions`.
    r#type: &'static str,
    /// What it allows.
    properties: DefinitionProperties,
}

/// What a role allows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoleDefinitionProperties)]
pub(super) struct DefinitionProperties {
    /// Name.
    role_name: &'static str,
    /// `BuiltInRole`.
    r#type: &'static str,
    /// What it is for.
    description: &'static str,
    /// Where it may be given.
    assignable_scopes: [&'static str; 1],
    /// One.
    permissions: [Permission; 1],
}

/// Action patterns.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permission {
    /// Allowed.
    actions: &'static [&'static str],
    /// Taken away again.
    not_actions: &'static [&'static str],
    /// None.
    data_actions: [&'static str; 0],
    /// None.
    not_data_actions: [&'static str; 0],
}

/// Role definitions.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleDefinitionListResult)]
pub(super) struct DefinitionList {
    /// The built-in ones.
    pub(super) value: Vec<DefinitionView>,
}

impl DefinitionView {
    pub(super) fn new(role: &Role, subscription: &str) -> Self {
        Self {
            id: definition_id(subscription, role.id),
            name: role.id,
            r#type: "Microsoft.Authorization/roleDefinitions",
            properties: DefinitionProperties {
                role_name: role.name,
                r#type: "BuiltInRole",
                description: role.description,
                assignable_scopes: ["/"],
                permissions: [Permission { actions: role.actions, not_actions: role.not_actions, data_actions: [], not_data_actions: [] }],
            },
        }
    }
}
