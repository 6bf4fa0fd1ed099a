//! What clients read before they sign in: where to ask for tokens, which keys sign them, and what
//! this cloud consists of.

use crate::AppState;
use crate::edge::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// OpenID Connect discovery document, as far as Azure's clients read it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenIdConfiguration {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: String,
    jwks_uri: String,
    response_types_supported: Vec<&'static str>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
}

impl OpenIdConfiguration {
    fn new(issuer: String, endpoints: &str, jwks_uri: String) -> Json<Self> {
        Json(Self {
            issuer,
            authorization_endpoint: format!("{endpoints}/authorize"),
            token_endpoint: format!("{endpoints}/token"),
            device_authorization_endpoint: format!("{endpoints}/devicecode"),
            jwks_uri,
            response_types_supported: vec!["token"],
            subject_types_supported: vec!["pairwise"],
            id_token_signing_alg_values_supported: vec!["RS256"],
            token_endpoint_auth_methods_supported: vec!["client_secret_post"],
        })
    }
}

/// ADFS-style discovery: the authority is `<server>/adfs`.
#[utoipa::path(get, path = "/adfs/.well-known/openid-configuration", tag = "Sign-in", operation_id = "SignIn_AdfsConfiguration",
    responses((status = 200, description = "Where to sign in.", body = OpenIdConfiguration), crate::edge::Problems))]
pub(crate) async fn adfs(State(state): State<Arc<AppState>>, parts: Parts) -> Result<Json<OpenIdConfiguration>, Problem> {
    let base = state.edge.base_url(&parts)?;
    Ok(OpenIdConfiguration::new(format!("{base}/adfs"), &format!("{base}/adfs/oauth2"), format!("{base}/adfs/discovery/keys")))
}

/// AAD-style discovery: the authority is the server itself.
#[utoipa::path(get, path = "/{tenant}/v2.0/.well-known/openid-configuration", tag = "Sign-in", operation_id = "SignIn_Configuration",
    params(("tenant" = String, Path, description = "Tenant id.")),
    responses((status = 200, description = "Where to sign in.", body = OpenIdConfiguration), crate::edge::Problems))]
pub(crate) async fn aad(
    State(state): State<Arc<AppState>>,
    Path(tenant): Path<String>,
    parts: Parts,
) -> Result<Json<OpenIdConfiguration>, Problem> {
    let base = state.edge.base_url(&parts)?;
    let tenant = super::sign_in::tenant(&tenant)?;
    Ok(OpenIdConfiguration::new(
        format!("{base}/{tenant}/v2.0"),
        &format!("{base}/{tenant}/oauth2/v2.0"),
        format!("{base}/{tenant}/discovery/v2.0/keys"),
    ))
}

/// The public keys of the tokens (JWK Set), AAD-style.
#[utoipa::path(get, path = "/{tenant}/discovery/v2.0/keys", tag = "Sign-in", operation_id = "SignIn_Keys",
    params(("tenant" = String, Path, description = "Tenant id.")),
    responses((status = 200, description = "JWK Set.", body = serde_json::Value)))]
pub(crate) async fn keys(State(state): State<Arc<AppState>>) -> Json<serde_json::Value> {
    Json(state.tokens.jwks())
}

/// The public keys of the tokens (JWK Set), ADFS-style.
#[utoipa::path(get, path = "/adfs/discovery/keys", tag = "Sign-in", operation_id = "SignIn_AdfsKeys",
    responses((status = 200, description = "JWK Set.", body = serde_json::Value)))]
pub(crate) async fn adfs_keys(State(state): State<Arc<AppState>>) -> Json<serde_json::Value> {
    Json(state.tokens.jwks())
}

/// What `az cloud register` reads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CloudMetadata {
    name: &'static str,
    portal: String,
    resource_manager: String,
    graph: String,
    graph_audience: String,
    gallery: String,
    batch: String,
    media: String,
    vm_image_alias_doc: String,
    authentication: CloudAuthentication,
    suffixes: CloudSuffixes,
}

/// Where and for whom to sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CloudAuthentication {
    login_endpoint: String,
    audiences: Vec<String>,
    tenant: &'static str,
    identity_provider: &'static str,
}

/// Host name suffixes of other services; none is served here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CloudSuffixes {
    storage: &'static str,
    key_vault_dns: &'static str,
    sql_server_hostname: &'static str,
    acr_login_server: &'static str,
}

/// The cloud's metadata as one object: `az cloud register --endpoint-resource-manager <server>` is enough.
#[utoipa::path(get, path = "/metadata/endpoints", tag = "Sign-in", operation_id = "SignIn_CloudMetadata",
    responses((status = 200, description = "The cloud's endpoints.", body = CloudMetadata), crate::edge::Problems))]
pub(crate) async fn metadata(State(state): State<Arc<AppState>>, parts: Parts) -> Result<Json<CloudMetadata>, Problem> {
    let base = state.edge.base_url(&parts)?;
    Ok(Json(CloudMetadata {
        name: "rsvault",
        portal: base.clone(),
        resource_manager: base.clone(),
        graph: base.clone(),
        graph_audience: base.clone(),
        gallery: base.clone(),
        batch: base.clone(),
        media: base.clone(),
        vm_image_alias_doc: base.clone(),
        authentication: CloudAuthentication {
            login_endpoint: format!("{base}/adfs"),
            audiences: vec![base],
            tenant: "common",
            identity_provider: "ADFS",
        },
        suffixes: CloudSuffixes {
            storage: "localhost",
            key_vault_dns: "localhost",
            sql_server_hostname: "localhost",
            acr_login_server: "localhost",
        },
    }))
}
