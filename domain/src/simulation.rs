//! The simulated servers of the emulator: what a seed or `PUT /emulator/servers/{name}` describes.
//!
//! Always holds: names are unique without case; system databases are not listed, they come by
//! themselves (master and msdb Simple, model Full); tempdb cannot exist.

mod faults;
mod group;

pub use faults::{DatabaseFaults, Extension, InstanceFaults, MOST_FILES, ServerFaults, SqlError};
pub use group::{GroupSpec, ReplicaSpec};

use crate::backup::RecoveryModel;
use crate::discovery::ServerState;
use crate::fault::{Fault, Result};
use crate::id::SubscriptionId;
use serde::{Deserialize, Serialize};

/// A database of a simulated instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatabaseSpec {
    /// Name.
    pub name: String,
    /// Recovery model; Full unless said.
    #[serde(default)]
    pub recovery_model: RecoveryModel,
    /// Size in MiB; 8 unless said.
    #[serde(default = "default_size")]
    #[serde(rename = "sizeMiB")]
    pub size_mib: u32,
    /// Pages that each commit of the background writer changes; 0 (no writer) unless said.
    #[serde(default)]
    pub write_rate: u32,
    /// Seconds from one of its commits to the next; 1 unless said.
    #[serde(default = "one")]
    pub write_interval_seconds: u32,
    /// Whether nobody can write to it: it takes full backups only.
    #[serde(default)]
    pub read_only: bool,
    /// Thumbprint of the certificate that it is encrypted with (TDE); not encrypted unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "faults::none")]
    pub faults: DatabaseFaults,
}

/// An instance of a simulated server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstanceSpec {
    /// Name (`MSSQLSERVER` is the default instance).
    pub name: String,
    /// Version text; a SQL Server 2022 build unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Edition; Developer unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Whether it accepts connections.
    #[serde(default = "yes")]
    pub online: bool,
    /// Whether the backup account is sysadmin.
    #[serde(default = "yes")]
    pub sysadmin: bool,
    /// Thumbprints of the certificates that it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "faults::none")]
    pub faults: InstanceFaults,
    /// User databases.
    #[serde(default)]
    pub databases: Vec<DatabaseSpec>,
}

/// A simulated server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerSpec {
    /// Subscription; the default one unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// Resource group.
    pub resource_group: String,
    /// Region.
    pub location: String,
    /// Power state.
    #[serde(default)]
    pub state: ServerState,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "faults::none")]
    pub faults: ServerFaults,
    /// Instances.
    #[serde(default)]
    pub instances: Vec<InstanceSpec>,
}

fn default_size() -> u32 {
    8
}
fn one() -> u32 {
    1
}
fn yes() -> bool {
    true
}

/// Names of the databases that every instance has.
pub const SYSTEM_DATABASES: [&str; 3] = ["master", "model", "msdb"];

impl ServerSpec {
    /// Checks names and sizes. `server` is the name in the path or seed.
    pub fn validate(&self, server: &str) -> Result<()> {
        plain("name", server, 64)?;
        plain("resourceGroup", &self.resource_group, 90)?;
        plain("location", &self.location, 64)?;
        unique("instances", self.instances.iter().map(|i| i.name.as_str()))?;
        for instance in &self.instances {
            plain("instances[].name", &instance.name, 128)?;
            for thumbprint in &instance.certificates {
                hex("instances[].certificates", thumbprint)?;
            }
            unique("databases", instance.databases.iter().map(|d| d.name.as_str()))?;
            for database in &instance.databases {
                database.check()?;
            }
        }
        Ok(())
    }
}

impl DatabaseSpec {
    /// Checks its name and sizes.
    fn check(&self) -> Result<()> {
        let name = &self.name;
        if name.trim() != name || name.is_empty() || name.chars().count() > 123 {
            return Err(bad(
                "databases[].name",
                format!("'{name}' is not a database name: 1 to 123 characters, no leading or trailing blanks."),
            ));
        }
        if name.eq_ignore_ascii_case("tempdb") || SYSTEM_DATABASES.iter().any(|s| s.eq_ignore_ascii_case(name)) {
            return Err(bad("databases[].name", format!("'{name}' is a system database; it comes by itself. Leave it out.")));
        }
        let interval = self.write_interval_seconds;
        if !(1..=86_400).contains(&interval) {
            return Err(bad(
                "databases[].writeIntervalSeconds",
                format!("{interval} is out of range: 1 to 86400 seconds. For no writes leave writeRate at 0."),
            ));
        }
        if let Some(thumbprint) = &self.certificate {
            hex("databases[].certificate", thumbprint)?;
        }
        if self.faults.files.is_some_and(|files| files < 2) {
            return Err(bad("databases[].faults.files", "A database has at least 2 files: one for data, one for the log.".into()));
        }
        if self.faults.sql_error.as_ref().is_some_and(|error| error.text.trim().is_empty() || error.text.chars().count() > 2_048) {
            return Err(bad("databases[].faults.sqlError.text", "A message of the engine has 1 to 2048 characters.".into()));
        }
        if !(1..=65_536).contains(&self.size_mib) {
            return Err(bad("databases[].sizeMiB", format!("{} is out of range: 1 to 65536 MiB.", self.size_mib)));
        }
        Ok(())
    }
}

fn hex(field: &str, thumbprint: &str) -> Result<()> {
    let ok = (1..=64).contains(&thumbprint.len()) && thumbprint.bytes().all(|b| b.is_ascii_hexdigit());
    if ok { Ok(()) } else { Err(bad(field, format!("'{thumbprint}' is not a thumbprint: 1 to 64 hexadecimal digits."))) }
}
fn bad(field: &str, message: String) -> Fault {
    Fault::invalid("InvalidServer", message).at(field)
}
fn plain(field: &str, name: &str, max: usize) -> Result<()> {
    let ok = !name.is_empty() && name.chars().count() <= max && name.chars().all(|c| c.is_alphanumeric() || "-_.()$".contains(c));
    if ok { Ok(()) } else { Err(bad(field, format!("'{name}' is not allowed: 1 to {max} letters, digits or -_.()$."))) }
}
fn unique<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name.to_lowercase()) {
            return Err(bad(field, format!("'{name}' is listed twice; names are compared without case.")));
        }
    }
    Ok(())
}
