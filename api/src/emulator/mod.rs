//! The emulator surface (`/emulator`): simulated servers that can be made, changed, written to and
//! asked for the checksum that a restore must reproduce. It exists only with the emulator.

mod admin;
mod body;
mod clock;
mod clock_body;
mod control;
mod faults;
mod groups;
mod oracle;
mod query;
mod servers;
mod switches;

pub(crate) use admin::Admin;

use crate::AppState;
use crate::edge::Problem;
use rsvault_domain::ports::Simulation;
use rsvault_domain::{Fault, FaultKind};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const BODY_LIMIT: usize = 1 << 20;

/// Routes of the emulator surface.
pub fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(servers::list))
        .routes(routes!(servers::get, servers::put, servers::delete))
        .routes(routes!(servers::enrollment_token))
        .routes(routes!(servers::reboot))
        .routes(routes!(groups::list))
        .routes(routes!(groups::get, groups::put, groups::delete))
        .routes(routes!(groups::failover))
        .routes(routes!(faults::list))
        .routes(routes!(faults::get))
        .routes(routes!(oracle::write))
        .routes(routes!(oracle::foreign_backup))
        .routes(routes!(oracle::checksum))
        .routes(routes!(control::reset))
        .routes(routes!(control::purge))
        .routes(routes!(clock::get, clock::put))
        .routes(routes!(clock::advance))
}

fn simulation(state: &AppState) -> Result<&dyn Simulation, Problem> {
    let missing = || Problem(Fault::new(FaultKind::Unavailable, "NoSimulation", "This server runs without simulated servers."));
    state.simulation.as_deref().ok_or_else(missing)
}

#[cfg(test)]
mod tests;
