//! The gate in front of the ARM router: restores the path, then asks in this order: who are you
//! (401), is the api-version there (400), does this operation exist (404, 405) and is it served
//! yet (400), may you (403), do subscription and resource group exist (404). Only then the router
//! sees the request, with a [`Caller`] in it.

use super::surface::{Action, Surface, Template};
use super::{ArmError, Caller, RequestId, error, extract, headers};
use crate::AppState;
use crate::identity::{Claims, TokenError};
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use rsvault_domain::access::{self, Principal, RoleAssignment};
use rsvault_domain::id::{NameKey, SubscriptionId};
use rsvault_domain::ports::Tx;
use rsvault_domain::{Fault, FaultKind};
use std::sync::Arc;
use uuid::Uuid;

pub(crate) struct Gate {
    pub(crate) state: Arc<AppState>,
    pub(crate) surface: Surface,
}

pub(crate) async fn gate(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match gate.admit(parts).await {
        Ok(parts) if body.is_end_stream() => next.run(Request::from_parts(parts, body)).await,
        // Read whole, though not every route wants one: a body left unread costs the connection.
        Ok(parts) => match extract::body(Request::new(body), extract::BODY_LIMIT).await {
            Ok(body) => next.run(Request::from_parts(parts, body.into())).await,
            Err(fault) => ArmError(fault).into_response(),
        },
        Err(response) => {
            extract::drain(body).await;
            *response
        }
    }
}

type Refusal = Box<Response>;

fn refuse(fault: Fault) -> Refusal {
    Box::new(ArmError(fault).into_response())
}

impl Gate {
    async fn admit(&self, mut parts: http::request::Parts) -> Result<http::request::Parts, Refusal> {
        let base_url = parts_base(&self.state, &parts)?;
        let denied = |denied: Denied| denied.challenge(&base_url);
        let claims = signed_in(&self.state, &parts.headers).map_err(denied)?;
        // One reading transaction for all that the gate asks.
        let mut tx = self.state.engine.store.glance().await.map_err(|error| refuse(error.into()))?;
        let (principal, assignments) = known(tx.as_mut(), &claims).await.map_err(denied)?;
        let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
        if length.is_some_and(|n| n > extract::BODY_LIMIT) {
            return Err(refuse(extract::too_large(extract::BODY_LIMIT)));
        }
        let query = canonical_query(parts.uri.query().unwrap_or(""));
        api_version(&query).map_err(refuse)?;
        if percent_decode_str(parts.uri.path()).any(|b| b == 0) {
            // PostgreSQL stores no NUL in text; a name with one could be kept on one database only.
            return Err(refuse(Fault::invalid(
                "InvalidRequestUri",
                "The request URI is invalid: a name in it contains a NUL character (%00). Remove it.",
            )));
        }
        let Some((template, path)) = self.surface.find(parts.uri.path()) else {
            return Err(refuse(unknown(parts.uri.path())));
        };
        let operation = operation(template, &parts.method).ok_or_else(|| method_not_allowed(template, &parts.method))?;
        if !operation.supported {
            let message = format!(
                "The operation '{}' ({} {}) is part of Azure's surface, but rsvault does not support it yet. What it supports is listed in openapi/coverage.toml.",
                operation.id, parts.method, path
            );
            return Err(refuse(Fault::new(FaultKind::Unsupported, "OperationNotSupportedYet", message).at(operation.id.clone())));
        }
        let scope = decode(&path);
        if let Action::Needs(action) = &operation.action
            && !access::allowed(&assignments, action, &scope.join("/"))
        {
            let message = format!(
                "The client '{}' with object id '{}' does not have authorization to perform action '{action}' over scope '/{}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
                principal.client_id,
                principal.id,
                scope.join("/")
            );
            return Err(refuse(Fault::new(FaultKind::Forbidden, "AuthorizationFailed", message)));
        }
        parents_exist(tx.as_mut(), &scope).await.map_err(refuse)?;
        drop(tx);

        let request_id = parts.extensions.get::<RequestId>().map_or_else(Uuid::new_v4, |id| id.0);
        let client_id = headers::client_request_id(&parts.headers).map(str::to_owned);
        let request_key =
            client_id.as_ref().map(|id| format!("{} {} /{} {id}", principal.id, parts.method, scope.join("/").to_lowercase()));
        let activity_id = client_id.unwrap_or_else(|| request_id.to_string());
        let caller = Caller {
            engine: rsvault_engine::Caller { principal, activity_id, request_key, guard_requests: Vec::new() },
            assignments,
            request_id,
            base_url,
        };
        parts.extensions.insert(caller);
        parts.uri = format!("{path}?{query}")
            .parse::<Uri>()
            .map_err(|e| refuse(Fault::invalid("InvalidRequestUri", "The request URI is invalid.").because(e)))?;
        Ok(parts)
    }
}

/// Subscription and resource group of the path, where what is asked for lies below them.
async fn parents_exist(tx: &mut dyn Tx, scope: &[String]) -> Result<(), Fault> {
    let [word, id, rest @ ..] = scope else { return Ok(()) };
    if word != "subscriptions" {
        return Ok(());
    }
    // Other spellings of the GUID would be other scopes to roles.
    let subscription = id.parse().ok().filter(|parsed: &SubscriptionId| parsed.to_string().eq_ignore_ascii_case(id)).ok_or_else(|| {
        Fault::invalid(
            "InvalidSubscriptionId",
            format!("The provided subscription identifier '{id}' is malformed or invalid. It must be a GUID."),
        )
    })?;
    if tx.subscription(subscription).await?.is_none() {
        return Err(Fault::not_found("SubscriptionNotFound", format!("The subscription '{id}' could not be found.")));
    }
    if let [groups, name, _, ..] = rest
        && groups == "resourceGroups"
        && tx.group(subscription, &NameKey::new(name)).await?.is_none()
    {
        return Err(Fault::not_found("ResourceGroupNotFound", format!("Resource group '{name}' could not be found.")));
    }
    Ok(())
}

fn parts_base(state: &AppState, parts: &http::request::Parts) -> Result<String, Refusal> {
    state.edge.base_url(parts).map_err(refuse)
}

/// Why a request is not known to come from anyone.
pub(crate) struct Denied {
    code: &'static str,
    message: String,
    cause: Option<Box<Fault>>,
}

impl Denied {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), cause: None }
    }
    /// As a fault, for surfaces with another error body.
    pub(crate) fn into_fault(self) -> Fault {
        self.cause.map_or_else(|| Fault::new(FaultKind::Unauthenticated, self.code, self.message), |cause| *cause)
    }
    fn challenge(self, base_url: &str) -> Refusal {
        let challenge = format!(
            "Bearer authorization_uri=\"{base_url}/adfs\", error=\"invalid_token\", error_description=\"{}\"",
            self.message.replace('"', "'")
        );
        let mut response = ArmError(self.into_fault()).into_response();
        if response.status() == StatusCode::UNAUTHORIZED
            && let Ok(value) = HeaderValue::from_str(&challenge)
        {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        Box::new(response)
    }
}

impl<E: Into<Fault>> From<E> for Denied {
    fn from(error: E) -> Self {
        Self { code: "AuthenticationFailed", message: String::new(), cause: Some(Box::new(error.into())) }
    }
}

/// Checks the bearer token and loads its principal with what it may do.
pub(crate) async fn authenticate(state: &AppState, headers: &http::HeaderMap) -> Result<(Principal, Arc<[RoleAssignment]>), Denied> {
    let claims = signed_in(state, headers)?;
    known(state.engine.store.glance().await?.as_mut(), &claims).await
}

/// What the bearer token says, if it counts.
fn signed_in(state: &AppState, headers: &http::HeaderMap) -> Result<Arc<Claims>, Denied> {
    let header = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| Denied::new("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."))?;
    let token = header
        .to_str()
        .ok()
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            Denied::new("AuthenticationFailed", "Authentication failed. The 'Authorization' header is not of the form 'Bearer <token>'.")
        })?;
    state.tokens.check(token, &state.edge).map_err(|error| match error {
        TokenError::Expired { at, now } => {
            Denied::new("ExpiredAuthenticationToken", format!("The access token expiry UTC time '{at}' is earlier than current UTC time '{now}'. Sign in again."))
        }
        TokenError::NotYet { at, now } => Denied::new("InvalidAuthenticationToken", format!("The access token is valid from '{at}', later than current UTC time '{now}'.")),
        TokenError::Audience(audience) => Denied::new(
            "InvalidAuthenticationTokenAudience",
            format!("The access token has been obtained for wrong audience or resource '{audience}'. Ask for a token of one of this server's own URLs."),
        ),
        TokenError::Issuer(issuer) => Denied::new("InvalidAuthenticationTokenIssuer", format!("The access token is from the wrong issuer '{issuer}'. Sign in at this server.")),
        TokenError::Invalid(detail) => {
            tracing::debug!(detail, "token refused");
            Denied::new("InvalidAuthenticationToken", "The access token is invalid.")
        }
    })
}

/// The principal of a token as it stands now, with its roles as they stand now.
async fn known(tx: &mut dyn Tx, claims: &Claims) -> Result<(Principal, Arc<[RoleAssignment]>), Denied> {
    let principal = tx
        .principal_by_client(&claims.appid)
        .await?
        .map(|(principal, _)| principal)
        .filter(|p| p.id.to_string() == claims.oid && p.tenant.to_string() == claims.tid);
    let principal = principal
        .ok_or_else(|| Denied::new("InvalidAuthenticationToken", "The access token is of a principal that does not exist any more."))?;
    let assignments = tx.assignments(principal.id).await?;
    Ok((principal, assignments.into()))
}

fn operation<'a>(template: &'a Template, method: &Method) -> Option<&'a super::surface::Operation> {
    template.operations.get(method).or_else(|| if *method == Method::HEAD { template.operations.get(&Method::GET) } else { None })
}

fn method_not_allowed(template: &Template, method: &Method) -> Refusal {
    let mut allowed: Vec<&str> = template.operations.keys().map(Method::as_str).collect();
    allowed.sort_unstable();
    let allowed = allowed.join(", ");
    let message = format!("The HTTP method '{method}' is not supported at this resource. Allowed: {allowed}.");
    let mut response = error::answer(StatusCode::METHOD_NOT_ALLOWED, "HttpMethodNotAllowed", message);
    if let Ok(value) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    Box::new(response)
}

fn unknown(path: &str) -> Fault {
    let segments: Vec<&str> = path.split('/').collect();
    let provider = segments.iter().position(|s| s.eq_ignore_ascii_case("providers"));
    match provider.map(|at| {
        (segments.get(at + 1).copied().unwrap_or(""), segments[at + 1..].iter().skip(1).step_by(2).copied().collect::<Vec<_>>().join("/"))
    }) {
        Some((namespace, kind)) => Fault::not_found(
            "InvalidResourceType",
            format!("The resource type '{kind}' could not be found in the namespace '{namespace}'."),
        ),
        None => Fault::not_found("InvalidResourceType", format!("No resource type of this server lies at '{path}'.")),
    }
}

/// Path segments, percent-decoded one by one: a decoded slash never splits a name.
fn decode(path: &str) -> Vec<String> {
    path.trim_start_matches('/').split('/').map(|s| percent_decode_str(s).decode_utf8_lossy().replace('/', "%2F")).collect()
}

/// Azure's own query keys in their canonical casing; all else as sent.
fn canonical_query(query: &str) -> String {
    const KEYS: [&str; 4] = ["api-version", "$filter", "$skipToken", "$top"];
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = percent_decode_str(key).decode_utf8_lossy();
        match KEYS.iter().find(|k| k.eq_ignore_ascii_case(&plain)) {
            Some(known) => format!("{known}={value}"),
            None => pair.to_owned(),
        }
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Present and well-formed: a date, perhaps `-preview`. Any such version is served.
fn api_version(query: &str) -> Result<(), Fault> {
    let sent = query.split('&').find_map(|pair| pair.strip_prefix("api-version=")).unwrap_or("");
    if sent.is_empty() {
        return Err(Fault::invalid(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    }
    let (date, rest) = sent.split_at_checked(10).unwrap_or((sent, ""));
    let stable = date.parse::<jiff::civil::Date>().is_ok();
    let suffix = rest.is_empty()
        || rest.strip_prefix('-').is_some_and(|s| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'));
    if stable && suffix {
        return Ok(());
    }
    Err(Fault::invalid(
        "InvalidApiVersionParameter",
        format!("The api-version '{sent}' is invalid. It must be a date of the form 'yyyy-mm-dd', optionally followed by '-preview'."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_well_formed_api_version_is_taken() {
        for good in ["2026-08-01", "2019-05-13-preview"] {
            assert!(api_version(&format!("x=1&api-version={good}")).is_ok(), "{good}");
        }
        assert_eq!(api_version("a=b").unwrap_err().code, "MissingApiVersionParameter");
        for bad in ["1", "2026-13-01", "2026-08-01x", "2026-08-01-", "é026-08-01", "2026-08-0é"] {
            assert_eq!(api_version(&format!("api-version={bad}")).unwrap_err().code, "InvalidApiVersionParameter", "{bad}");
        }
    }

    #[test]
    fn query_keys_of_azure_are_read_without_case() {
        assert_eq!(canonical_query("Api-Version=1&%24Filter=a+b&$skiptoken=x&Own=y"), "api-version=1&$filter=a+b&$skipToken=x&Own=y");
    }

    #[test]
    fn an_escaped_slash_does_not_split_a_scope() {
        assert_eq!(decode("/subscriptions/a%2Fb/x%3By"), ["subscriptions", "a%2Fb", "x;y"]);
    }
}
