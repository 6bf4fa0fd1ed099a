//! The wire form of provider operations, and how they follow from the document of the routes.

use crate::edge::{Action, document_actions};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

/// Operations of the provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderOperationList {
    /// By name.
    pub(crate) value: Vec<ProviderOperationView>,
}

/// One operation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderOperationView {
    /// The action that roles name.
    pub(crate) name: String,
    /// For people.
    pub(crate) display: ProviderOperationDisplay,
    /// `user`.
    pub(crate) origin: &'static str,
}

/// An operation, for people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderOperationDisplay {
    /// `Microsoft Recovery Services`.
    pub(crate) provider: &'static str,
    /// Type of resource.
    pub(crate) resource: String,
    /// What it does, in a line.
    pub(crate) operation: String,
    /// What it does.
    pub(crate) description: String,
}

const NAMESPACE: &str = "Microsoft.RecoveryServices/";

impl ProviderOperationList {
    /// Every action of this provider that a route of `document` asks for, once. Of routes that ask for the same one, the
    /// first in the order of paths tells what it does.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let mut all: BTreeMap<String, ProviderOperationView> = BTreeMap::new();
        for (action, text) in document_actions(document) {
            let Action::Needs(name) = action else { continue };
            let Some(rest) = name.strip_prefix(NAMESPACE) else { continue };
            let resource = rest.rsplit_once('/').map_or(rest, |(resource, _)| resource).to_owned();
            // Routes derive `vaults`, those that name an action say `Vaults`: one and the same.
            all.entry(name.to_lowercase()).or_insert_with(|| ProviderOperationView {
                display: ProviderOperationDisplay {
                    provider: "Microsoft Recovery Services",
                    resource,
                    operation: text.trim_end_matches('.').to_owned(),
                    description: text,
                },
                name,
                origin: "user",
            });
        }
        Self { value: all.into_values().collect() }
    }
}
