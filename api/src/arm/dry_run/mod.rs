//! `?rsvault-dry-run=true`: what a change of a vault, a policy, an item, or a restore would do. rsvault's own;
//! Azure has nothing like it.
//!
//! Always holds: the request goes through the gate like any other, then to its own handler, on a stage that
//! is torn down ([`rsvault_engine::rehearsal`]); the answer is always 200 and says what the real one would be.

mod body;

use crate::AppState;
use crate::edge::{ArmError, CloudError};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use body::DryRunView;
use http::Method;
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use rsvault_domain::fault::{Fault, Result};
use rsvault_engine::rehearsal::{Effects, Rehearsal};
use rsvault_engine::vaults::VaultPath;
use std::sync::Arc;
use tower::ServiceExt;

/// The query parameter.
const PARAMETER: &str = "rsvault-dry-run";

/// What a dry run needs of the house: the state, and the routes before they have one.
pub(crate) struct Stage {
    pub(crate) state: Arc<AppState>,
    pub(crate) routes: axum::Router<Arc<AppState>>,
}

/// Takes dry runs out of the stream.
pub(crate) async fn layer(State(stage): State<Arc<Stage>>, request: Request, next: Next) -> Response {
    match asked(request.uri().query().unwrap_or_default()) {
        Ok(false) => next.run(request).await,
        Ok(true) => run(&stage, request).await.unwrap_or_else(|fault| ArmError(fault).into_response()),
        Err(fault) => ArmError(fault).into_response(),
    }
}

fn asked(query: &str) -> Result<bool> {
    // However it is escaped, and if it is there once more: one who asked for a dry run must not get the change.
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut dry = false;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !decoded(key).eq_ignore_ascii_case(PARAMETER) {
            continue;
        }
        match decoded(value).to_ascii_lowercase().as_str() {
            "true" => dry = true,
            "false" => {}
            word => {
                let rule = format!("Query parameter '{PARAMETER}' is '{word}'; it is 'true' or 'false'.");
                return Err(Fault::invalid("InvalidQueryParameterValue", rule).at(PARAMETER));
            }
        }
    }
    Ok(dry)
}

async fn run(stage: &Stage, request: Request) -> Result<Response> {
    let segments: Vec<String> =
        request.uri().path().split('/').skip(1).map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect();
    let vault = rehearsed(request.method(), &segments).ok_or_else(|| {
        let rule = format!("Query parameter '{PARAMETER}' is for PUT, PATCH and DELETE of a vault, PUT and DELETE of its policies and protected items, DELETE of a container, POST of a backup and a restore. Leave it out.");
        Fault::invalid("DryRunNotSupported", rule).at(PARAMETER)
    })?;
    let rehearsal = Rehearsal::begin(&stage.state.engine).await?;
    let state = Arc::new(stage.state.with_engine(rehearsal.engine.clone()));
    let answer = stage.routes.clone().with_state(state).oneshot(request).await.unwrap_or_else(|never| match never {});
    let status = answer.status();
    if status.is_success() {
        let effects = rehearsal.effects(&stage.state.engine, &vault).await?;
        return Ok(Json(DryRunView::new(status.as_u16(), None, &effects)).into_response());
    }
    if status.is_server_error() {
        return Ok(answer);
    }
    let error = refusal(answer).await?;
    Ok(Json(DryRunView::new(status.as_u16(), Some(error.error), &Effects::default())).into_response())
}

async fn refusal(answer: Response<Body>) -> Result<CloudError> {
    let bytes = answer.into_body().collect().await.map_err(Fault::internal)?.to_bytes();
    serde_json::from_slice(&bytes).map_err(Fault::internal)
}

/// The vault that a request is about, if it is one of those that can be rehearsed.
fn rehearsed(method: &Method, segments: &[String]) -> Option<VaultPath> {
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["subscriptions", subscription, "resourceGroups", group, "providers", "Microsoft.RecoveryServices", "vaults", vault, rest @ ..] =
        words.as_slice()
    else {
        return None;
    };
    let known = match rest {
        [] => matches!(*method, Method::PUT | Method::PATCH | Method::DELETE),
        ["backupPolicies", _] => matches!(*method, Method::PUT | Method::DELETE),
        ["backupFabrics", _, "protectionContainers", _] => *method == Method::DELETE,
        ["backupFabrics", _, "protectionContainers", _, "protectedItems", _] => matches!(*method, Method::PUT | Method::DELETE),
        ["backupFabrics", _, "protectionContainers", _, "protectedItems", _, "backup" | "recoveryPoints", ..] => {
            *method == Method::POST && matches!(rest.last(), Some(&("backup" | "restore")))
        }
        _ => false,
    };
    let subscription = subscription.parse().ok().filter(|_| known)?;
    Some(VaultPath { subscription, resource_group: (*group).to_owned(), name: (*vault).to_owned() })
}

#[cfg(test)]
mod tests;
