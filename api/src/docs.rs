//! The documents of the three surfaces, made from the routes themselves; `GET /openapi/*.json` and
//! the Swagger UI show them, `rsvault openapi` writes them to the tree. Always the same text for the
//! same routes.

use crate::edge::{Action, COVERAGE, CloudError, CloudErrorBody, Surface, coverage_rows, operations};
use crate::{AppState, agent as agent_surface, arm as arm_surface, authorization, emulator as emulator_surface, identity, tenancy};
use axum::Router;
use rsvault_engine::Engine;
use rsvault_protocol::messages::Problem as ProblemBody;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, OpenApi, PathItem, RefOr, Required};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{SwaggerUi, Url};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "rsvault control plane", description = "The Recovery Services vault surface of Azure Resource Manager, as rsvault serves it.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "https://localhost:8443", description = "A server on its default address.")),
    components(schemas(CloudError, CloudErrorBody))
)]
struct Arm;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "rsvault agents", description = "What agents speak with the vault: enrolment, commands, chunks, progress, restore reads.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "https://localhost:8443", description = "A server on its default address.")),
    components(schemas(ProblemBody))
)]
struct Agent;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "rsvault emulator", description = "Simulated servers and built-in sign-in; they exist only with --emulator.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "https://localhost:8443", description = "A server on its default address.")),
    components(schemas(ProblemBody))
)]
struct Emulator;

pub(crate) fn arm() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(Arm::openapi()).merge(arm_surface::router()).merge(tenancy::router()).merge(authorization::router())
}
pub(crate) fn agent() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::with_openapi(Agent::openapi()).merge(agent_surface::router())
}
pub(crate) fn emulator() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::with_openapi(Emulator::openapi()).merge(emulator_surface::router()).merge(identity::router())
}

/// The generated documents by name (`arm`, `agent`, `emulator`).
pub fn documents() -> [(&'static str, OpenApi); 3] {
    let mut arm = arm().into_openapi();
    for operation in arm.paths.paths.iter_mut().flat_map(|(_, item)| operations_mut(item)) {
        ask_for_version(operation);
    }
    bearer(&mut arm);
    let mut agent = agent().into_openapi();
    version(&mut agent);
    let mut emulator = emulator().into_openapi();
    version(&mut emulator);
    version(&mut arm);
    [("arm", arm), ("agent", agent), ("emulator", emulator)]
}

/// `openapi/coverage.toml` with every status and right as the routes are now.
pub fn coverage() -> Result<String, String> {
    let served = served();
    let surface = Surface::new(&arm().into_openapi(), &[]);
    let rights: BTreeMap<String, String> = surface
        .operations()
        .map(|(path, method, operation)| {
            let right = match &operation.action {
                Action::Needs(action) => action.clone(),
                Action::SignedIn => String::new(),
            };
            (shape(method.as_str(), &path), right)
        })
        .collect();
    let mut rows = coverage_rows(COVERAGE).map_err(|e| e.to_string())?;
    let mut text: String = COVERAGE.lines().take_while(|l| l.is_empty() || l.starts_with('#')).flat_map(|l| [l, "\n"]).collect();
    for row in &mut rows {
        let shape = shape(&row.method, &row.path);
        row.status = if served.contains(&shape) { "supported" } else { "not-yet" }.to_owned();
        row.action = rights.get(&shape).cloned();
        text.push_str("[[operation]]\n");
        text.push_str(&toml::to_string(row).map_err(|e| e.to_string())?);
        text.push('\n');
    }
    Ok(text)
}

/// Method and path of every route of the ARM document, names of parameters left out.
fn served() -> BTreeSet<String> {
    let document = arm().into_openapi();
    document
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| operations(item).map(|(method, _)| shape(method.as_str(), path)).collect::<Vec<_>>())
        .collect()
}

fn shape(method: &str, path: &str) -> String {
    let segments = path.split('/').map(|s| if s.starts_with('{') { "{}" } else { s });
    format!("{method} {}", segments.collect::<Vec<_>>().join("/"))
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.head, &mut item.patch].into_iter().flatten()
}

fn ask_for_version(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    if parameters.iter().all(|p| !matches!(p, RefOr::T(p) if p.name == "api-version")) {
        parameters.push(RefOr::T(
            ParameterBuilder::new()
                .name("api-version")
                .parameter_in(ParameterIn::Query)
                .required(Required::True)
                .description(Some("Any date of Azure's form, perhaps with -preview."))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
                .build(),
        ));
    }
}

fn bearer(document: &mut OpenApi) {
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
    document.components.get_or_insert_with(|| ComponentsBuilder::new().build()).add_security_scheme("bearer", scheme);
    document.security = Some(vec![SecurityRequirement::new::<_, [String; 0], String>("bearer", [])]);
}

fn version(document: &mut OpenApi) {
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
}

/// `GET /openapi/{arm,agent,emulator}.json` and the Swagger UI at `/docs`, both served from memory.
pub(crate) fn router() -> Router {
    let [(_, arm), (_, agent), (_, emulator)] = documents();
    Router::new().merge(SwaggerUi::new("/docs").urls(vec![
        (Url::new("Control plane", "/openapi/arm.json"), arm),
        (Url::new("Agents", "/openapi/agent.json"), agent),
        (Url::new("Emulator", "/openapi/emulator.json"), emulator),
    ]))
}

#[cfg(test)]
mod tests;
