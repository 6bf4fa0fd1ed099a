//! One file per thing that holds for every request, and the order they stand in: common headers
//! outermost, then the open surfaces (sign-in, documents, emulator, agents), then the [`gate`] and
//! behind it the ARM router.

mod caller;
mod error;
pub(crate) mod extract;
mod gate;
mod headers;
mod origin;
mod problem;
mod record;
mod surface;

pub use caller::Caller;
pub(crate) use error::error_body;
pub use error::{ArmError, ArmErrors, CloudError, CloudErrorBody, log, status};
pub use extract::{ArmJson, ArmJsonOrNothing, ArmPath, ArmQuery, BODY_LIMIT};
pub use headers::RequestId;
pub use problem::{Problem, Problems};
pub use record::Recorder;
pub use surface::{Action, CoverageRow, Operation, Surface};

pub(crate) use gate::{Denied, authenticate};
pub(crate) use surface::{COVERAGE, coverage_rows, document_actions, operations};

use crate::arm::dry_run;
use crate::{AppState, docs};
use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use rsvault_domain::Fault;
use std::sync::Arc;

/// The whole server as one service.
pub fn app(state: Arc<AppState>) -> Router {
    let (arm, document) = docs::arm().split_for_parts();
    // A row list that does not parse fails `coverage_is_what_the_routes_are`, never a start.
    let rows = coverage_rows(COVERAGE).unwrap_or_default();
    let gate = Arc::new(gate::Gate { state: state.clone(), surface: Surface::new(&document, &rows) });
    let stage = Arc::new(dry_run::Stage { state: state.clone(), routes: arm.clone() });
    let mut arm = Router::new()
        .fallback_service(arm.with_state(state.clone()))
        .layer(from_fn_with_state(stage, dry_run::layer))
        .layer(from_fn_with_state(gate, gate::gate));
    if let Some(recorder) = &state.edge.recorder {
        arm = arm.layer(from_fn_with_state(recorder.clone(), record::record));
    }

    let (agent, _) = docs::agent().split_for_parts();
    let mut open = Router::new().merge(agent.with_state(state.engine.clone())).merge(docs::router());
    if state.edge.emulator {
        let (emulator, _) = docs::emulator().split_for_parts();
        open = open.merge(emulator.with_state(state.clone()));
    }
    let figures = Router::new().route("/metrics", axum::routing::get(crate::metrics::get)).with_state(state.clone());
    open.merge(figures)
        .merge(crate::arm::downloads(state.clone()))
        .route("/agent/{*rest}", axum::routing::any(no_such_route))
        .route("/emulator/{*rest}", axum::routing::any(no_such_route))
        .fallback_service(arm)
        .layer(from_fn_with_state(state, headers::common))
}

async fn no_such_route(request: Request) -> Response {
    Problem(Fault::not_found("NoSuchRoute", format!("No route at '{}'.", request.uri().path()))).into_response()
}

#[cfg(test)]
mod tests;
