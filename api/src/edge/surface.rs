//! The ARM surface as data: the templates of the generated document plus the rows of
//! `openapi/coverage.toml`, with the RBAC action of every operation. Always holds: what the router
//! serves and what the gate knows come from the same document; the casing of fixed segments is
//! restored from it and the names a client wrote are left alone; every operation has an action
//! ([`Action::SignedIn`] is written down, never a default).

use http::Method;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation as DocOperation, PathItem};

/// The list of known operations, as checked in.
pub(crate) const COVERAGE: &str = include_str!("../../../openapi/coverage.toml");
const ACTION: &str = "x-rsvault-action";

/// The right an operation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// This action at the scope of the request.
    Needs(String),
    /// None: anyone signed in may ask, the handler shows what the caller may see.
    SignedIn,
}

/// An operation of a template.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Azure's operation id, or for one not served yet its row in the coverage list.
    pub id: String,
    /// Right it asks for.
    pub action: Action,
    /// Whether a route serves it.
    pub supported: bool,
}

/// A path template with its operations.
#[derive(Clone, Debug)]
pub struct Template {
    segments: Vec<String>,
    /// By method.
    pub operations: HashMap<Method, Operation>,
}

/// A row of `coverage.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CoverageRow {
    /// The SDK's operation group and name.
    pub name: String,
    /// The SDK it comes from.
    pub source: String,
    /// A: the main story; B: beside it; C: for other workloads.
    pub relevance: String,
    /// HTTP method.
    pub method: String,
    /// Path template.
    pub path: String,
    /// `supported` or `not-yet`.
    pub status: String,
    /// The right it asks for, as the routes say; empty: anyone signed in may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Official clients that a test has seen exercise it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
}

#[derive(Deserialize)]
struct Coverage {
    operation: Vec<CoverageRow>,
}

/// The rows of a coverage list.
pub(crate) fn coverage_rows(text: &str) -> Result<Vec<CoverageRow>, toml::de::Error> {
    toml::from_str::<Coverage>(text).map(|c| c.operation)
}

/// All templates, by number of segments; the more literal one first.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    by_length: HashMap<usize, Vec<Template>>,
}

impl Surface {
    /// Builds it from the ARM document and the coverage list.
    pub fn new(document: &OpenApi, coverage: &[CoverageRow]) -> Self {
        let mut surface = Self::default();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(item) {
                let action = action_of(path, &method, operation);
                let id = operation.operation_id.clone().unwrap_or_default();
                surface.template(path).operations.insert(method, Operation { id, action, supported: true });
            }
        }
        for row in coverage {
            let Ok(method) = row.method.parse::<Method>() else { continue };
            let action = derive_action(&row.path, &method);
            let id = format!("{}: {}", row.source, row.name);
            surface.template(&row.path).operations.entry(method).or_insert(Operation { id, action, supported: false });
        }
        for templates in surface.by_length.values_mut() {
            templates.sort_by_key(|t| t.segments.iter().filter(|s| s.starts_with('{')).count());
        }
        surface
    }

    fn template(&mut self, path: &str) -> &mut Template {
        let segments: Vec<String> = split(path).map(str::to_owned).collect();
        let same = |t: &Template| t.segments.iter().zip(&segments).all(|(a, b)| shape(a) == shape(b));
        let templates = self.by_length.entry(segments.len()).or_default();
        let at = templates.iter().position(same).unwrap_or_else(|| {
            templates.push(Template { segments, operations: HashMap::new() });
            templates.len() - 1
        });
        &mut templates[at]
    }

    /// The template of a path and the path in canonical casing.
    pub fn find(&self, path: &str) -> Option<(&Template, String)> {
        let sent: Vec<&str> = split(path).collect();
        let template = self.by_length.get(&sent.len())?.iter().find(|template| template.fits(&sent))?;
        Some((template, template.restore(&sent)))
    }

    /// Every operation with its path template.
    pub fn operations(&self) -> impl Iterator<Item = (String, &Method, &Operation)> {
        self.by_length.values().flatten().flat_map(|t| t.operations.iter().map(|(m, o)| (format!("/{}", t.segments.join("/")), m, o)))
    }
}

impl Template {
    /// Whether a path of as many segments is one of this template. Templates differ in their last words, so those come first.
    fn fits(&self, sent: &[&str]) -> bool {
        self.segments.iter().zip(sent).rev().all(|(want, have)| match want.starts_with('{') {
            true => !have.is_empty(),
            false => want.eq_ignore_ascii_case(have),
        })
    }
    /// A path that fits, with the literals of this template.
    fn restore(&self, sent: &[&str]) -> String {
        let mut path = String::with_capacity(sent.iter().map(|have| have.len() + 1).sum());
        for (want, have) in self.segments.iter().zip(sent) {
            path.push('/');
            path.push_str(if want.starts_with('{') { have } else { want });
        }
        path
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).trim_end_matches('/').split('/')
}

fn shape(segment: &str) -> String {
    if segment.starts_with('{') { "{}".to_owned() } else { segment.to_ascii_lowercase() }
}

/// The operations of a path item.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &DocOperation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::HEAD, &item.head),
        (Method::PATCH, &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_ref().map(|o| (method, o)))
}

/// Every operation of a document, by path: the right it asks for, and its first line.
pub(crate) fn document_actions(document: &OpenApi) -> impl Iterator<Item = (Action, String)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        operations(item)
            .map(move |(method, operation)| (action_of(path, &method, operation), operation.summary.clone().unwrap_or_default()))
    })
}

fn action_of(path: &str, method: &Method, operation: &DocOperation) -> Action {
    let said = operation.extensions.as_ref().and_then(|e| e.get(ACTION)).and_then(|v| v.as_str());
    match said {
        Some("") => Action::SignedIn,
        Some(action) => Action::Needs(action.to_owned()),
        None => derive_action(path, method),
    }
}

/// Azure's convention: the provider, the type words of the path, then what the method does; the
/// last word of a POST is the action itself.
pub(crate) fn derive_action(path: &str, method: &Method) -> Action {
    let segments: Vec<&str> = split(path).collect();
    let mut words: Vec<&str> = match segments.iter().rposition(|s| *s == "providers") {
        Some(at) => segments[at + 1..].iter().take(1).chain(segments[at + 1..].iter().skip(1).step_by(2)).copied().collect(),
        None => std::iter::once("Microsoft.Resources").chain(segments.iter().step_by(2).copied()).collect(),
    };
    words.push(match *method {
        Method::GET | Method::HEAD => "read",
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => "action",
    });
    Action::Needs(words.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_follow_azures_convention() {
        const V: &str = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.RecoveryServices/vaults/{v}";
        for (method, path, want) in [
            ("GET", V.to_owned(), "vaults/read"),
            ("PATCH", V.to_owned(), "vaults/write"),
            ("GET", "/subscriptions/{s}/providers/Microsoft.RecoveryServices/vaults".to_owned(), "vaults/read"),
            ("PATCH", format!("{V}/backupconfig/vaultconfig"), "vaults/backupconfig/write"),
            ("POST", format!("{V}/backupFabrics/{{f}}/refreshContainers"), "vaults/backupFabrics/refreshContainers/action"),
            (
                "GET",
                format!("{V}/backupFabrics/{{f}}/protectionContainers/{{c}}/items"),
                "vaults/backupFabrics/protectionContainers/items/read",
            ),
            ("POST", format!("{V}/backupJobs/{{j}}/cancel"), "vaults/backupJobs/cancel/action"),
            ("GET", format!("{V}/backupOperations/{{o}}"), "vaults/backupOperations/read"),
            (
                "POST",
                "/subscriptions/{s}/providers/Microsoft.RecoveryServices/locations/{l}/backupStatus".to_owned(),
                "locations/backupStatus/action",
            ),
        ] {
            let want = Action::Needs(format!("Microsoft.RecoveryServices/{want}"));
            assert_eq!(derive_action(&path, &method.parse().unwrap()), want, "{method} {path}");
        }
        let group = derive_action("/subscriptions/{s}/resourceGroups/{g}", &Method::PUT);
        assert_eq!(group, Action::Needs("Microsoft.Resources/subscriptions/resourceGroups/write".into()));
    }

    #[test]
    fn fixed_segments_get_their_casing_back_and_names_keep_theirs() {
        let rows = coverage_rows(COVERAGE).unwrap();
        let surface = Surface::new(&OpenApi::default(), &rows);
        let sent = "/Subscriptions/S1/resourcegroups/Rg/Providers/microsoft.recoveryservices/Vaults/V/backupfabrics/azure/protectioncontainers/VMAppContainer%3BCompute;rg;Vm/PROTECTEDITEMS/SQLDataBase;a;%c3%a9/";
        let (template, path) = surface.find(sent).unwrap();
        assert_eq!(
            path,
            "/subscriptions/S1/resourceGroups/Rg/providers/Microsoft.RecoveryServices/vaults/V/backupFabrics/azure/protectionContainers/VMAppContainer%3BCompute;rg;Vm/protectedItems/SQLDataBase;a;%c3%a9"
        );
        assert!(template.operations.contains_key(&Method::PUT));
        assert!(surface.find("/subscriptions//resourceGroups").is_none());
    }

    #[test]
    fn a_literal_beats_a_parameter() {
        let rows = coverage_rows(COVERAGE).unwrap();
        let surface = Surface::new(&OpenApi::default(), &rows);
        let base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v";
        let (template, _) = surface.find(&format!("{base}/backupJobs/operationResults/o")).unwrap();
        assert!(template.operations[&Method::GET].id.contains("export_jobs"));
    }
}
