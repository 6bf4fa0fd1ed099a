//! Tenants and subscriptions: read only, and only those that the caller has some right in.

use crate::AppState;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::access::covers;
use rsvault_domain::fault::Fault;
use rsvault_domain::tenancy::Subscription;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantIdDescription)]
pub(super) struct TenantView {
    id: String,
    tenant_id: String,
    display_name: String,
    tenant_category: &'static str,
    tenant_type: &'static str,
}

/// Tenants.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantListResult)]
pub(super) struct TenantList {
    value: Vec<TenantView>,
}

/// A subscription.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscription)]
pub(super) struct SubscriptionView {
    id: String,
    subscription_id: String,
    tenant_id: String,
    display_name: String,
    state: &'static str,
    authorization_source: &'static str,
    #[schema(value_type = Vec<String>)]
    managed_by_tenants: [String; 0],
}

/// Subscriptions.
#[derive(Serialize, ToSchema)]
#[schema(as = SubscriptionListResult)]
pub(super) struct SubscriptionList {
    value: Vec<SubscriptionView>,
}

impl From<&Subscription> for SubscriptionView {
    fn from(subscription: &Subscription) -> Self {
        Self {
            id: format!("/subscriptions/{}", subscription.id),
            subscription_id: subscription.id.to_string(),
            tenant_id: subscription.tenant.to_string(),
            display_name: subscription.name.clone(),
            state: "Enabled",
            authorization_source: "RoleBased",
            managed_by_tenants: [],
        }
    }
}

/// Whether the caller has a right at, above or below the subscription.
fn visible(caller: &Caller, subscription: &Subscription) -> bool {
    let scope = format!("/subscriptions/{}", subscription.id);
    caller.assignments.iter().any(|a| covers(&a.scope, &scope) || covers(&scope, &a.scope))
}

/// Lists the caller's tenant.
#[utoipa::path(get, path = "/tenants", tag = "Tenants", operation_id = "Tenants_List", extensions(("x-rsvault-action" = json!(""))),
    responses((status = 200, description = "Tenants.", body = TenantList), ArmErrors))]
pub(super) async fn tenants(caller: Caller) -> Json<TenantList> {
    let tenant = caller.principal.tenant.to_string();
    let view = TenantView {
        id: format!("/tenants/{tenant}"),
        tenant_id: tenant,
        display_name: "rsvault".to_owned(),
        tenant_category: "Home",
        tenant_type: "AAD",
    };
    Json(TenantList { value: vec![view] })
}

/// Lists the subscriptions in which the caller has a right.
#[utoipa::path(get, path = "/subscriptions", tag = "Subscriptions", operation_id = "Subscriptions_List", extensions(("x-rsvault-action" = json!(""))),
    responses((status = 200, description = "Subscriptions.", body = SubscriptionList), ArmErrors))]
pub(super) async fn list(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<SubscriptionList>, ArmError> {
    let all = state.engine.store.read().await?.subscriptions().await?;
    Ok(Json(SubscriptionList { value: all.iter().filter(|s| visible(&caller, s)).map(Into::into).collect() }))
}

/// Shows a subscription in which the caller has a right.
#[utoipa::path(get, path = "/subscriptions/{subscriptionId}", tag = "Subscriptions", operation_id = "Subscriptions_Get", extensions(("x-rsvault-action" = json!(""))),
    params(("subscriptionId" = String, Path, description = "Subscription id.")),
    responses((status = 200, description = "The subscription.", body = SubscriptionView), ArmErrors))]
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(id): ArmPath<String>,
) -> Result<Json<SubscriptionView>, ArmError> {
    let found = state.engine.store.read().await?.subscription(super::subscription_id(&id)?).await?;
    let missing = || Fault::not_found("SubscriptionNotFound", format!("The subscription '{id}' could not be found."));
    let subscription = found.filter(|s| visible(&caller, s)).ok_or_else(missing)?;
    Ok(Json((&subscription).into()))
}
