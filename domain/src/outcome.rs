//! What an operation has to tell beyond that it ended: kept beside it, gone with it.

use crate::fault::{Fault, Result};
use serde::{Deserialize, Serialize};

/// What is moved between vaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoveLevel {
    /// All of a vault.
    Vault,
    /// Some of its containers.
    Container,
}

impl MoveLevel {
    /// Azure's word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Vault => "Vault",
            Self::Container => "Container",
        }
    }
    /// Parses a client's word.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        [Self::Vault, Self::Container].into_iter().find(|l| l.wire().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Fault::invalid("BMSUserErrorInvalidInput", format!("Property '{field}' is '{word}'; allowed are Vault, Container.")).at(field)
        })
    }
}

/// A move of backups to another vault that was prepared. Its correlation id is the id of the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreparedMove {
    /// ARM id of the vault that the backups go to, as the request wrote it.
    pub target: String,
    /// What is moved.
    pub level: MoveLevel,
    /// ARM ids of the containers that are moved; none for all.
    pub containers: Vec<String>,
}

impl PreparedMove {
    /// Refuses containers that do not go with the level.
    pub fn check(&self) -> Result<()> {
        let refused = |text: &str| Err(Fault::invalid("BMSUserErrorInvalidInput", text).at("sourceContainerArmIds"));
        match (self.level, self.containers.is_empty()) {
            (MoveLevel::Vault, false) => refused(
                "Property 'sourceContainerArmIds' names containers, but 'dataMoveLevel' is Vault, which moves all. Leave them out, or send Container.",
            ),
            (MoveLevel::Container, true) => {
                refused("Property 'sourceContainerArmIds' is empty, but 'dataMoveLevel' is Container. Name the containers, or send Vault.")
            }
            _ => Ok(()),
        }
    }
}

/// What moving points to the archive, or bringing one back, comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Tiering {
    /// So many bytes would leave the vault's storage and lie in the archive.
    Saving {
        /// Bytes.
        bytes: i64,
    },
    /// So many bytes would be brought back.
    Rehydration {
        /// Bytes.
        bytes: i64,
    },
}

/// What an operation has to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "camelCase")]
pub enum Outcome {
    /// A move was prepared.
    Prepared(PreparedMove),
    /// Sizes and prices were asked for.
    Tiering(Tiering),
}
