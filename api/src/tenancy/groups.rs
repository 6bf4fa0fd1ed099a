//! Resource groups.

use super::subscription_id;
use crate::AppState;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use rsvault_domain::fault::Fault;
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::Page;
use rsvault_domain::tenancy::ResourceGroup;
use rsvault_engine::identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

const GROUP: &str = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";

/// What a client sends.
#[derive(Deserialize, ToSchema)]
#[schema(as = ResourceGroupParameters)]
pub(super) struct GroupBody {
    location: Option<String>,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
}

/// A resource group.
#[derive(Serialize, ToSchema)]
#[schema(as = ResourceGroup)]
pub(super) struct GroupView {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    location: String,
    tags: BTreeMap<String, String>,
    properties: GroupProperties,
}

/// Its state.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResourceGroupProperties)]
pub(super) struct GroupProperties {
    provisioning_state: &'static str,
}

/// Resource groups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResourceGroupListResult)]
pub(super) struct GroupList {
    value: Vec<GroupView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
}

impl From<ResourceGroup> for GroupView {
    fn from(group: ResourceGroup) -> Self {
        Self {
            id: format!("/subscriptions/{}/resourceGroups/{}", group.subscription, group.name),
            name: group.name,
            kind: "Microsoft.Resources/resourceGroups",
            location: group.location,
            tags: group.tags,
            properties: GroupProperties { provisioning_state: "Succeeded" },
        }
    }
}

fn missing(name: &str) -> Fault {
    Fault::not_found("ResourceGroupNotFound", format!("Resource group '{name}' could not be found."))
}

async fn find(state: &AppState, subscription: &str, name: &str) -> Result<Option<ResourceGroup>, ArmError> {
    let subscription = subscription_id(subscription)?;
    Ok(state.engine.store.read().await?.group(subscription, &NameKey::new(name)).await?)
}

/// Where a list goes on.
#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
    #[serde(rename = "api-version")]
    api_version: String,
}

/// Lists the resource groups of a subscription.
#[utoipa::path(get, path = "/subscriptions/{subscriptionId}/resourceGroups", tag = "ResourceGroups", operation_id = "ResourceGroups_List",
    params(("subscriptionId" = String, Path, description = "Subscription id."), ("$skipToken" = Option<String>, Query, description = "Where to go on, from a nextLink.")),
    responses((status = 200, description = "Resource groups.", body = GroupList), ArmErrors))]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(subscription): ArmPath<String>,
    ArmQuery(paging): ArmQuery<Paging>,
) -> Result<Json<GroupList>, ArmError> {
    let page = Page { after: paging.skip_token, limit: 0 };
    let slice = state.engine.store.read().await?.groups(subscription_id(&subscription)?, &page).await?;
    let next_link = slice.next.map(|token| {
        let token = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/subscriptions/{subscription}/resourceGroups?api-version={}&$skipToken={token}", caller.base_url, paging.api_version)
    });
    Ok(Json(GroupList { value: slice.items.into_iter().map(Into::into).collect(), next_link }))
}

/// Shows a resource group.
#[utoipa::path(get, path = GROUP, tag = "ResourceGroups", operation_id = "ResourceGroups_Get",
    params(("subscriptionId" = String, Path, description = "Subscription id."), ("resourceGroupName" = String, Path, description = "Resource group.")),
    responses((status = 200, description = "The resource group.", body = GroupView), ArmErrors))]
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    ArmPath((subscription, name)): ArmPath<(String, String)>,
) -> Result<Json<GroupView>, ArmError> {
    let group = find(&state, &subscription, &name).await?.ok_or_else(|| missing(&name))?;
    Ok(Json(group.into()))
}

/// Says whether a resource group exists.
#[utoipa::path(head, path = GROUP, tag = "ResourceGroups", operation_id = "ResourceGroups_CheckExistence",
    params(("subscriptionId" = String, Path, description = "Subscription id."), ("resourceGroupName" = String, Path, description = "Resource group.")),
    responses((status = 204, description = "It exists."), (status = 404, description = "It does not."), ArmErrors))]
pub(super) async fn head(
    State(state): State<Arc<AppState>>,
    ArmPath((subscription, name)): ArmPath<(String, String)>,
) -> Result<StatusCode, ArmError> {
    let found = find(&state, &subscription, &name).await?.is_some();
    Ok(if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
}

/// Makes or changes a resource group.
#[utoipa::path(put, path = GROUP, tag = "ResourceGroups", operation_id = "ResourceGroups_CreateOrUpdate",
    params(("subscriptionId" = String, Path, description = "Subscription id."), ("resourceGroupName" = String, Path, description = "Resource group.")),
    request_body = GroupBody,
    responses((status = 200, description = "Changed.", body = GroupView), (status = 201, description = "Made.", body = GroupView), ArmErrors))]
pub(super) async fn put(
    State(state): State<Arc<AppState>>,
    ArmPath((subscription, name)): ArmPath<(String, String)>,
    ArmJson(body): ArmJson<GroupBody>,
) -> Result<(StatusCode, Json<GroupView>), ArmError> {
    let location = body
        .location
        .filter(|l| !l.is_empty())
        .ok_or_else(|| Fault::invalid("LocationRequired", "The location property is required for this definition.").at("location"))?;
    // Azure folds display names (`West Europe`) to the canonical form.
    let location = location.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let group = ResourceGroup { subscription: subscription_id(&subscription)?, name, location, tags: body.tags.unwrap_or_default() };
    let (group, created) = identity::put_group(&state.engine, &group).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(group.into())))
}

/// Deletes an empty resource group.
#[utoipa::path(delete, path = GROUP, tag = "ResourceGroups", operation_id = "ResourceGroups_Delete",
    params(("subscriptionId" = String, Path, description = "Subscription id."), ("resourceGroupName" = String, Path, description = "Resource group.")),
    responses((status = 200, description = "Deleted."), ArmErrors))]
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    ArmPath((subscription, name)): ArmPath<(String, String)>,
) -> Result<StatusCode, ArmError> {
    let existed = identity::delete_group(&state.engine, subscription_id(&subscription)?, &name).await?;
    if existed { Ok(StatusCode::OK) } else { Err(missing(&name).into()) }
}
