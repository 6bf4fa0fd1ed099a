//! The seed: tenants, subscriptions, resource groups, principals and simulated servers that exist
//! from the start.
//!
//! Always holds: it is checked whole before any of it is applied, and an error names the path in
//! the YAML; applied again it changes nothing that it did not make.

mod apply;
mod check;

pub(crate) use apply::{apply_groups, apply_records, apply_servers};

use crate::exit::{Failure, Outcome};
use rsvault_domain::id::{SubscriptionId, TenantId};
use rsvault_domain::simulation::{GroupSpec, ServerSpec};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Subscription of the built-in seed.
pub(crate) const DEFAULT_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

const DEFAULT_SEED: &str = include_str!("default.yaml");

/// The whole seed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Seed {
    /// Subscriptions with their groups; the first is the default one.
    pub(crate) subscriptions: Vec<SubscriptionSeed>,
    /// Service principals.
    #[serde(default)]
    pub(crate) principals: Vec<PrincipalSeed>,
    /// Simulated servers by name.
    #[serde(default)]
    pub(crate) servers: BTreeMap<String, ServerSpec>,
    /// Simulated availability groups over them, by name.
    #[serde(default)]
    pub(crate) availability_groups: BTreeMap<String, GroupSpec>,
}

/// A subscription.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubscriptionSeed {
    pub(crate) id: SubscriptionId,
    pub(crate) tenant: TenantId,
    #[serde(default = "subscription_name")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) resource_groups: Vec<GroupSeed>,
}

/// A resource group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GroupSeed {
    pub(crate) name: String,
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
}

/// A service principal with one role. No `Debug` of the secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PrincipalSeed {
    pub(crate) id: String,
    pub(crate) secret: String,
    #[serde(default = "owner")]
    pub(crate) role: String,
    #[serde(default = "root")]
    pub(crate) scope: String,
    /// The first subscription's unless said.
    pub(crate) tenant: Option<TenantId>,
}

impl std::fmt::Debug for PrincipalSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrincipalSeed").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

fn subscription_name() -> String {
    "rsvault".to_owned()
}
fn owner() -> String {
    "Owner".to_owned()
}
fn root() -> String {
    "/".to_owned()
}

impl Seed {
    /// The seed of `path`, or the built-in one.
    pub(crate) fn load(path: Option<&Path>) -> Outcome<Self> {
        let Some(path) = path else { return Self::parse(DEFAULT_SEED, "the built-in seed") };
        let place = format!("seed {}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| Failure::configuration(format!("{place}: cannot be read: {e}")))?;
        Self::parse(&text, &place)
    }

    fn parse(text: &str, place: &str) -> Outcome<Self> {
        let document = serde_yaml_ng::Deserializer::from_str(text);
        let seed: Self = serde_path_to_error::deserialize(document).map_err(|e| {
            let path = e.path().to_string();
            Failure::configuration(format!("{place}: at {path}: {}", e.into_inner()))
        })?;
        seed.check().map_err(|problem| Failure::configuration(format!("{place}: at {problem}")))?;
        Ok(seed)
    }
}

#[cfg(test)]
mod tests;
