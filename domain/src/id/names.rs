//! Names inside a vault and the rules they obey.

use crate::fault::{Fault, Result};
use std::fmt;

/// A name folded for comparison: Azure compares names without case (rulebook 1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameKey(String);

impl NameKey {
    /// Folds `name`. Full Unicode lower-casing, done here so that both databases agree.
    pub fn new(name: &str) -> Self {
        Self(name.to_lowercase())
    }
    /// The folded text, as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl From<&str> for NameKey {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}
impl fmt::Display for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a container stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerKind {
    /// A server.
    #[default]
    Server,
    /// An availability group.
    Group,
}

impl ContainerKind {
    /// Stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Group => "group",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Server, Self::Group].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// `VMAppContainer;Compute;{resourceGroup};{vm}`; the short form `Compute;rg;vm` is accepted too
/// (az-client c.2). An availability group has a container of its own: `SQLAGWorkLoadContainer;{id};{group}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerName {
    /// What it stands for.
    pub kind: ContainerKind,
    /// Resource group of the VM; the cluster's id of an availability group.
    pub resource_group: String,
    /// Name of the VM, or of the availability group.
    pub server: String,
}

impl ContainerName {
    /// Builds the name of a VM's container.
    pub fn new(resource_group: impl Into<String>, server: impl Into<String>) -> Self {
        Self { kind: ContainerKind::Server, resource_group: resource_group.into(), server: server.into() }
    }
    /// Builds the name of an availability group's container. The id keeps a group that is made anew
    /// under its old name apart from the one before (rulebook 3.7).
    pub fn group(id: uuid::Uuid, name: &str) -> Self {
        Self { kind: ContainerKind::Group, resource_group: id.to_string(), server: name.to_owned() }
    }
    /// Whether it is the name of an availability group's container.
    pub fn is_group(&self) -> bool {
        self.kind == ContainerKind::Group
    }
    /// Parses a path segment (already percent-decoded).
    pub fn parse(text: &str) -> Result<Self> {
        if let Some((prefix, rest)) = text.split_once(';')
            && prefix.eq_ignore_ascii_case("SQLAGWorkLoadContainer")
            && let Some((id, name)) = rest.split_once(';')
            && let Ok(id) = id.parse()
            && !name.is_empty()
        {
            return Ok(Self::group(id, name));
        }
        let mut parts: Vec<&str> = text.split(';').collect();
        if parts.first().is_some_and(|p| p.eq_ignore_ascii_case("VMAppContainer")) {
            parts.remove(0);
        }
        match parts.as_slice() {
            [compute, rg, vm] if compute.eq_ignore_ascii_case("Compute") && !rg.is_empty() && !vm.is_empty() => {
                Ok(Self::new(*rg, *vm))
            }
            _ => Err(Fault::invalid(
                "BMSUserErrorInvalidContainerName",
                format!("The container name '{text}' is not of the form 'VMAppContainer;Compute;<resource group>;<vm name>'. Take the 'name' of a protectable container."),
            )
            .at("containerName")),
        }
    }
    /// Key for look-ups: folded full form.
    pub fn key(&self) -> NameKey {
        NameKey::new(&self.to_string())
    }
    /// `Compute;rg;vm`, as some answers spell it (wire-facts 1); a group's name has no short form.
    pub fn short(&self) -> String {
        match self.kind {
            ContainerKind::Server => format!("Compute;{};{}", self.resource_group, self.server),
            ContainerKind::Group => self.to_string(),
        }
    }
}
impl fmt::Display for ContainerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ContainerKind::Server => write!(f, "VMAppContainer;Compute;{};{}", self.resource_group, self.server),
            ContainerKind::Group => write!(f, "SQLAGWorkLoadContainer;{};{}", self.resource_group, self.server),
        }
    }
}

/// `SQLDataBase;{instance};{database}`. The database part may itself contain `;` (the first two
/// separators decide).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName {
    /// Instance the database lives on.
    pub instance: String,
    /// Database.
    pub database: String,
}

impl ItemName {
    /// Builds the name of a database.
    pub fn new(instance: impl Into<String>, database: impl Into<String>) -> Self {
        Self { instance: instance.into(), database: database.into() }
    }
    /// Parses a path segment (already percent-decoded).
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, ';');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(kind), Some(instance), Some(database))
                if kind.eq_ignore_ascii_case("SQLDataBase") && !instance.is_empty() && !database.is_empty() =>
            {
                Ok(Self::new(instance, database))
            }
            _ => Err(Fault::invalid(
                "BMSUserErrorInvalidItemName",
                format!(
                    "The item name '{text}' is not of the form 'SQLDataBase;<instance>;<database>'. Take the 'name' of a protectable item."
                ),
            )
            .at("protectedItemName")),
        }
    }
    /// Key for look-ups.
    pub fn key(&self) -> NameKey {
        NameKey::new(&self.to_string())
    }
}
impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLDataBase;{};{}", self.instance, self.database)
    }
}

/// Rule for vault names: 2-50 characters, a letter first, letters, digits and hyphens (rulebook 11).
pub fn vault_name(name: &str) -> Result<()> {
    let ok = (2..=50).contains(&name.chars().count())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if ok {
        return Ok(());
    }
    Err(Fault::invalid(
        "InvalidResourceName",
        format!("The vault name '{name}' breaks the rule: 2 to 50 characters, a letter first, then letters, digits and hyphens."),
    )
    .at("vaultName"))
}

/// Rule for policy names: 3-150 characters, a letter first, letters, digits and hyphens.
pub fn policy_name(name: &str) -> Result<()> {
    let ok = (3..=150).contains(&name.chars().count())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if ok {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorInvalidPolicyName",
        format!(
            "The policy name '{name}' breaks the rule: 3 to 150 characters, a letter first, then letters, digits, hyphens and underscores."
        ),
    )
    .at("policyName"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn container_names_parse_in_both_forms_and_any_case() {
        let full = ContainerName::parse("vmappcontainer;compute;Rg1;Vm1").unwrap();
        let short = ContainerName::parse("Compute;rg1;vm1").unwrap();
        assert_eq!(full.key(), short.key());
        assert_eq!(full.to_string(), "VMAppContainer;Compute;Rg1;Vm1");
        assert!(ContainerName::parse("VMAppContainer;Compute;rg1").is_err());
    }

    #[test]
    fn a_group_has_a_container_name_of_its_own() {
        let name = ContainerName::group(uuid::Uuid::from_u128(7), "Ag;1");
        assert_eq!(ContainerName::parse(&name.to_string().to_lowercase()).unwrap().key(), name.key());
        assert_eq!(ContainerName::parse(&name.to_string()).unwrap(), name);
        assert!(ContainerName::parse("SQLAGWorkLoadContainer;no-id;ag1").is_err());
        assert!(!ContainerName::new("rg", "vm").is_group());
    }

    #[test]
    fn a_database_name_may_contain_semicolons() {
        let name = ItemName::parse("sqldatabase;MSSQLSERVER;a;b").unwrap();
        assert_eq!(name.database, "a;b");
        assert!(ItemName::parse("SQLDataBase;MSSQLSERVER").is_err());
    }

    #[test]
    fn vault_names_follow_the_rule() {
        assert!(vault_name("v1").is_ok());
        for bad in ["v", "1v", "a_b", &"a".repeat(51)] {
            assert!(vault_name(bad).is_err(), "{bad}");
        }
    }
}
