//! The routes: six operations at each of three scopes.

use super::body::{AssignmentList, AssignmentView, DefinitionList, DefinitionView, RoleAssignmentCreateParameters};
use super::{Scope, assignments, definitions};
use crate::AppState;
use crate::arm::names::{GroupPath, SubscriptionPath, VaultPath};
use crate::arm::page::{ListQuery, VersionQuery};
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().merge(subscription::router()).merge(group::router()).merge(vault::router())
}

macro_rules! at_scope {
    ($module:ident, $path:literal, $names:ty, $for:literal) => {
        mod $module {
            use super::*;

            pub(super) fn router() -> OpenApiRouter<Arc<AppState>> {
                OpenApiRouter::new()
                    .routes(routes!(list))
                    .routes(routes!(get, put, delete))
                    .routes(routes!(list_definitions))
                    .routes(routes!(get_definition))
            }

            /// Lists the role assignments at a scope, above it and below it.
            #[utoipa::path(get, path = concat!($path, "/providers/Microsoft.Authorization/roleAssignments"), tag = "Authorization",
                operation_id = concat!("RoleAssignments_ListFor", $for), params($names, ListQuery),
                responses((status = 200, description = "A page of role assignments.", body = AssignmentList), ArmErrors))]
            pub(super) async fn list(
                State(state): State<Arc<AppState>>,
                caller: Caller,
                scope: Scope,
                ArmQuery(query): ArmQuery<ListQuery>,
                uri: Uri,
            ) -> Result<Json<AssignmentList>, ArmError> {
                assignments::list(&state, &caller, &scope, &query, &uri).await
            }

            /// Reads a role assignment of a scope.
            #[utoipa::path(get, path = concat!($path, "/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"), tag = "Authorization",
                operation_id = concat!("RoleAssignments_GetFor", $for), params($names, VersionQuery, ("roleAssignmentName" = String, Path, description = "A GUID.")),
                responses((status = 200, description = "The role assignment.", body = AssignmentView), ArmErrors))]
            pub(super) async fn get(State(state): State<Arc<AppState>>, _: Caller, scope: Scope) -> Result<Json<AssignmentView>, ArmError> {
                assignments::get(&state, &scope).await
            }

            /// Gives a principal a role at a scope.
            #[utoipa::path(put, path = concat!($path, "/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"), tag = "Authorization",
                operation_id = concat!("RoleAssignments_CreateFor", $for), params($names, VersionQuery, ("roleAssignmentName" = String, Path, description = "A new GUID.")),
                request_body = RoleAssignmentCreateParameters,
                responses((status = 201, description = "The role is given.", body = AssignmentView),
                    (status = 200, description = "It was given already.", body = AssignmentView), ArmErrors))]
            pub(super) async fn put(
                State(state): State<Arc<AppState>>,
                caller: Caller,
                scope: Scope,
                ArmJson(body): ArmJson<RoleAssignmentCreateParameters>,
            ) -> Result<Response, ArmError> {
                assignments::put(&state, &caller, &scope, body).await
            }

            /// Takes a role away.
            #[utoipa::path(delete, path = concat!($path, "/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}"), tag = "Authorization",
                operation_id = concat!("RoleAssignments_DeleteFor", $for), params($names, VersionQuery, ("roleAssignmentName" = String, Path, description = "A GUID.")),
                responses((status = 200, description = "The assignment as it was.", body = AssignmentView),
                    (status = 204, description = "There was none."), ArmErrors))]
            pub(super) async fn delete(State(state): State<Arc<AppState>>, caller: Caller, scope: Scope) -> Result<Response, ArmError> {
                assignments::delete(&state, &caller, &scope).await
            }

            /// Lists the built-in roles.
            #[utoipa::path(get, path = concat!($path, "/providers/Microsoft.Authorization/roleDefinitions"), tag = "Authorization",
                operation_id = concat!("RoleDefinitions_ListFor", $for), params($names, ListQuery),
                responses((status = 200, description = "The built-in roles.", body = DefinitionList), ArmErrors))]
            pub(super) async fn list_definitions(_: Caller, scope: Scope, ArmQuery(query): ArmQuery<ListQuery>) -> Result<Json<DefinitionList>, ArmError> {
                definitions::list(&scope, query.filter.as_deref())
            }

            /// Reads a built-in role.
            #[utoipa::path(get, path = concat!($path, "/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}"), tag = "Authorization",
                operation_id = concat!("RoleDefinitions_GetFor", $for), params($names, VersionQuery, ("roleDefinitionId" = String, Path, description = "The role's GUID.")),
                responses((status = 200, description = "The role.", body = DefinitionView), ArmErrors))]
            pub(super) async fn get_definition(_: Caller, scope: Scope) -> Result<Json<DefinitionView>, ArmError> {
                definitions::get(&scope)
            }
        }
    };
}

at_scope!(subscription, "/subscriptions/{subscriptionId}", SubscriptionPath, "Subscription");
at_scope!(group, "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}", GroupPath, "ResourceGroup");
at_scope!(
    vault,
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults/{vaultName}",
    VaultPath,
    "Vault"
);
