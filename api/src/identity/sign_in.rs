//! The token endpoint: client credentials only. An unknown client and a wrong secret get the same
//! answer in the same time.

use crate::AppState;
use crate::edge::extract;
use axum::extract::{FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use http::StatusCode;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::TenantId;
use rsvault_engine::secret;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const FORM_LIMIT: usize = 64 * 1024;

/// The form a client posts.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenForm {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    /// `<resource>/.default`.
    #[serde(default)]
    scope: String,
    /// The resource, as version 1 clients send it instead of `scope`.
    #[serde(default)]
    resource: String,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenBody {
    token_type: &'static str,
    expires_in: i64,
    ext_expires_in: i64,
    access_token: String,
}

/// Why there is no token (RFC 6749 5.2, with Azure's additions).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenErrorBody {
    error: &'static str,
    error_description: String,
    error_codes: Vec<u32>,
}

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) enum Refused {
    OAuth(StatusCode, TokenErrorBody),
    Broken(Fault),
}

impl<F: Into<Fault>> From<F> for Refused {
    fn from(fault: F) -> Self {
        Self::Broken(fault.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::OAuth(status, body) => (status, Json(body)).into_response(),
            Self::Broken(fault) => crate::edge::Problem(fault).into_response(),
        }
    }
}

fn refused(error: &'static str, code: u32, text: &str) -> Refused {
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    Refused::OAuth(status, TokenErrorBody { error, error_description: format!("AADSTS{code}: {text}"), error_codes: vec![code] })
}

/// Parses a tenant of the path.
pub(super) fn tenant(text: &str) -> Result<TenantId> {
    text.parse().map_err(|_| {
        Fault::not_found(
            "TenantNotFound",
            format!("Tenant '{text}' is not a GUID. Sign in with the tenant id that the server printed at its start."),
        )
    })
}

/// Gives out a token, ADFS-style.
#[utoipa::path(post, path = "/adfs/oauth2/token", tag = "Sign-in", operation_id = "SignIn_AdfsToken",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token.", body = TokenBody), (status = 400, description = "The request breaks a rule.", body = TokenErrorBody), (status = 401, description = "Wrong client or secret.", body = TokenErrorBody), crate::edge::Problems))]
pub(crate) async fn adfs(State(state): State<Arc<AppState>>, request: Request) -> Result<Json<TokenBody>, Refused> {
    give(&state, None, request).await
}

/// Gives out a token, AAD-style.
#[utoipa::path(post, path = "/{tenant}/oauth2/v2.0/token", tag = "Sign-in", operation_id = "SignIn_Token",
    params(("tenant" = String, Path, description = "Tenant id.")),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token.", body = TokenBody), (status = 400, description = "The request breaks a rule.", body = TokenErrorBody), (status = 401, description = "Wrong client or secret.", body = TokenErrorBody), crate::edge::Problems))]
pub(crate) async fn aad(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<TokenBody>, Refused> {
    give(&state, Some(tenant(&name)?), request).await
}

async fn give(state: &AppState, tenant: Option<TenantId>, request: Request) -> Result<Json<TokenBody>, Refused> {
    let (parts, body) = request.into_parts();
    let base = state.edge.base_url(&parts)?;
    let bytes = extract::body(Request::new(body), FORM_LIMIT).await?;
    let form = Form::<TokenForm>::from_request(Request::from_parts(parts, bytes.into()), &()).await;
    let Form(form) = form.map_err(|_| {
        refused(
            "invalid_request",
            900_144,
            "The request body must be a form with the fields grant_type, client_id, client_secret and scope.",
        )
    })?;
    if form.grant_type.is_empty() {
        return Err(refused("invalid_request", 900_144, "The request body must contain the following parameter: 'grant_type'."));
    }
    if form.grant_type != "client_credentials" {
        return Err(refused(
            "unsupported_grant_type",
            70_003,
            &format!("The grant type '{}' is not supported. Use client_credentials.", form.grant_type),
        ));
    }
    if form.client_id.is_empty() {
        return Err(refused("invalid_request", 900_144, "The request body must contain the following parameter: 'client_id'."));
    }
    let found = state.engine.store.read().await?.principal_by_client(&form.client_id).await?;
    let matches = secret::matches(&form.client_secret, &found.as_ref().map_or([0; 32], |(_, hash)| *hash));
    let wrong = || {
        refused(
            "invalid_client",
            7_000_215,
            "Invalid client id or client secret provided. Use the id and secret of a service principal of the seed.",
        )
    };
    let (principal, _) = found.filter(|_| matches).ok_or_else(wrong)?;
    if tenant.is_some_and(|t| t != principal.tenant) {
        return Err(refused(
            "invalid_client",
            700_016,
            &format!("The application '{}' was not found in the tenant of the URL. Its tenant is another one.", form.client_id),
        ));
    }
    let audience = audience(&form).filter(|a| state.edge.owns(a)).ok_or_else(|| {
        let text = format!("The provided value for the input parameter 'scope' is not valid. '{}' is not '<resource>/.default' with a URL of this server as resource, such as {base}.", form.scope);
        refused("invalid_scope", 70_011, &text)
    })?;
    let issuer = match tenant {
        Some(tenant) => format!("{base}/{tenant}/v2.0"),
        None => format!("{base}/adfs"),
    };
    // A plain-HTTP sign-in on loopback still gives out an https issuer: tokens know only that.
    let issuer = issuer.strip_prefix("http://").map_or(issuer.clone(), |rest| format!("https://{rest}"));
    let access_token = state.tokens.issue(&principal, &issuer, &audience)?;
    let expires_in = super::tokens::LIFETIME - 1;
    Ok(Json(TokenBody { token_type: "Bearer", expires_in, ext_expires_in: expires_in, access_token }))
}

/// The resource that a token is asked for, without trailing slashes.
fn audience(form: &TokenForm) -> Option<String> {
    let scope = form.scope.split_whitespace().find(|s| s.ends_with("/.default"));
    let resource = match scope {
        Some(scope) => scope.strip_suffix("/.default")?,
        None if form.scope.is_empty() => form.resource.as_str(),
        None => return None,
    };
    Some(resource.trim_end_matches('/').to_owned())
}
