//! The HTTP edge of rsvault: three surfaces, one port.
//!
//! - [`arm`] and [`tenancy`]: the ARM control plane (Azure's paths, bodies, errors);
//! - [`agent`]: what agents speak (`/agent/v1`);
//! - [`emulator`] and [`identity`]: simulated servers and built-in sign-in; they exist only with
//!   [`EdgeSettings::emulator`].
//!
//! Always holds: a handler of the ARM surface runs only for a caller whose token was checked and
//! who may do the route's action at the request's scope ([`edge`] sees to that before the router
//! is asked). A handler translates, calls one use case of the engine, and translates back.
//!
//! How a handler of the ARM surface is written:
//! ```ignore
//! #[utoipa::path(get, path = VAULT, tag = "Vaults", operation_id = "Vaults_Get",
//!     params(…), responses((status = 200, description = "The vault.", body = VaultView), ArmErrors))]
//! async fn handler(State(state): State<Arc<AppState>>, caller: Caller, ArmPath(path): ArmPath<VaultPath>)
//!     -> Result<Json<VaultView>, ArmError> { … }
//! ```
//! - [`edge::Caller`]: who asks, correlation ids, `request_key` (retry-safe), `base_url` for links;
//! - [`edge::ArmPath`], [`edge::ArmQuery`], [`edge::ArmJson`]: axum's extractors with ARM errors;
//! - [`edge::ArmError`]: `?` on any [`rsvault_domain::Fault`] gives the ARM body;
//! - the RBAC action of a route follows from its template (Azure's own convention); say
//!   `extensions(("x-rsvault-action" = json!("…")))` where it does not.

pub mod agent;
pub mod arm;
pub mod authorization;
mod docs;
pub mod edge;
pub mod emulator;
pub mod identity;
mod metrics;
pub mod tenancy;
#[cfg(test)]
mod testing;

pub use docs::{coverage, documents};
pub use edge::app;

use rsvault_domain::ports::{Simulation, Timeline};
use rsvault_domain::simulation::{GroupSpec, ServerSpec};
use rsvault_engine::Engine;
use std::sync::Arc;

/// What every handler can reach.
pub struct AppState {
    /// Use cases.
    pub engine: Arc<Engine>,
    /// Makes and checks access tokens.
    pub tokens: Arc<identity::Tokens>,
    /// The simulated servers; None without the emulator.
    pub simulation: Option<Arc<dyn Simulation>>,
    /// The emulator's time; None without the emulator.
    pub timeline: Option<Arc<dyn Timeline>>,
    /// Who may switch soft delete off.
    pub soft_delete_off: arm::SoftDeleteOff,
    /// How this edge is reached.
    pub edge: EdgeSettings,
    /// The simulated servers that `POST /emulator/reset` brings back, by name.
    pub seed: Vec<(String, ServerSpec)>,
    /// The simulated availability groups that come back with them, by name.
    pub seed_groups: Vec<(String, GroupSpec)>,
}

impl AppState {
    /// The same with another engine, for a rehearsal.
    pub(crate) fn with_engine(&self, engine: Arc<Engine>) -> Self {
        Self {
            engine,
            tokens: self.tokens.clone(),
            simulation: self.simulation.clone(),
            timeline: self.timeline.clone(),
            soft_delete_off: self.soft_delete_off,
            edge: self.edge.clone(),
            seed: Vec::new(),
            seed_groups: Vec::new(),
        }
    }
}

/// How the edge is reached and what it shows.
#[derive(Clone, Debug, Default)]
pub struct EdgeSettings {
    /// Whether the emulator surface and the built-in sign-in exist.
    pub emulator: bool,
    /// Whether the server listens on loopback only.
    pub loopback: bool,
    /// URLs under which clients reach the server when it does not listen on loopback; the first is
    /// used in links when a request names none of them.
    pub public_urls: Vec<String>,
    /// Where requests of the ARM surface are written down, if they are.
    pub recorder: Option<Arc<edge::Recorder>>,
}
