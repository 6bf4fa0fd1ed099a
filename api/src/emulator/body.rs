//! Bodies of the emulator surface.

use super::switches::{DatabaseSwitches, InstanceSwitches, ServerSwitches, off};
use rsvault_domain::backup::RecoveryModel;
use rsvault_domain::discovery::{Server, ServerState};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::simulation::{DatabaseSpec, InstanceSpec, ServerSpec};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A simulated server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Server)]
pub(crate) struct ServerBody {
    /// Name; read only, the path decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub(crate) name: Option<String>,
    /// ARM id of the VM; read only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub(crate) vm_id: Option<String>,
    /// Subscription; the default one unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subscription: Option<uuid::Uuid>,
    /// Resource group; made if it is not there.
    pub(crate) resource_group: String,
    /// Region.
    pub(crate) location: String,
    /// Power state.
    #[serde(default)]
    pub(crate) state: PowerState,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "off")]
    #[schema(required = false)]
    pub(crate) faults: ServerSwitches,
    /// Instances.
    #[serde(default)]
    pub(crate) instances: Vec<InstanceBody>,
}

/// Power state of a server.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PowerState {
    /// Up.
    #[default]
    Running,
    /// Powered off.
    Stopped,
}

/// An instance of a simulated server. System databases come by themselves.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Instance)]
pub(crate) struct InstanceBody {
    /// Name; `MSSQLSERVER` is the default instance.
    name: String,
    /// Version text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
    /// Whether it accepts connections; true unless said.
    #[serde(default = "yes")]
    #[schema(default = true, required = false)]
    online: bool,
    /// Whether the backup account is sysadmin; true unless said.
    #[serde(default = "yes")]
    #[schema(default = true, required = false)]
    sysadmin: bool,
    /// Thumbprints (hexadecimal) of the certificates that it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<String>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "off")]
    #[schema(required = false)]
    faults: InstanceSwitches,
    /// User databases.
    #[serde(default)]
    databases: Vec<DatabaseBody>,
}

/// A database of a simulated instance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Database)]
pub(crate) struct DatabaseBody {
    /// Name.
    name: String,
    /// Recovery model; Full unless said.
    #[serde(default)]
    recovery_model: RecoveryModelWord,
    /// Size in MiB; 8 unless said.
    #[serde(default = "eight", rename = "sizeMiB")]
    #[schema(default = 8, minimum = 1, maximum = 65536, required = false)]
    size_mib: u32,
    /// Pages that each commit of the background writer changes; 0 (no writer) unless said.
    #[serde(default)]
    write_rate: u32,
    /// Seconds from one of its commits to the next; 1 unless said.
    #[serde(default = "one")]
    #[schema(default = 1, minimum = 1, maximum = 86400, required = false)]
    write_interval_seconds: u32,
    /// Whether nobody can write to it: it takes full backups only.
    #[serde(default)]
    read_only: bool,
    /// Thumbprint (hexadecimal) of the certificate that it is encrypted with; not encrypted unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "off")]
    #[schema(required = false)]
    faults: DatabaseSwitches,
}

/// SQL Server's recovery models.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = RecoveryModel)]
pub(crate) enum RecoveryModelWord {
    /// Log kept until backed up.
    #[default]
    Full,
    /// No log backups.
    Simple,
    /// Like Full, with minimally logged bulk operations.
    BulkLogged,
}

fn yes() -> bool {
    true
}
fn one() -> u32 {
    1
}
fn eight() -> u32 {
    8
}

impl DatabaseBody {
    /// The domain's form.
    pub(super) fn into_spec(self) -> DatabaseSpec {
        let model = |word| match word {
            RecoveryModelWord::Full => RecoveryModel::Full,
            RecoveryModelWord::Simple => RecoveryModel::Simple,
            RecoveryModelWord::BulkLogged => RecoveryModel::BulkLogged,
        };
        DatabaseSpec {
            name: self.name,
            recovery_model: model(self.recovery_model),
            size_mib: self.size_mib,
            write_rate: self.write_rate,
            write_interval_seconds: self.write_interval_seconds,
            read_only: self.read_only,
            certificate: self.certificate,
            faults: self.faults.into(),
        }
    }
    /// The body of a database.
    pub(super) fn of(d: &DatabaseSpec) -> Self {
        let word = |model| match model {
            RecoveryModel::Full => RecoveryModelWord::Full,
            RecoveryModel::Simple => RecoveryModelWord::Simple,
            RecoveryModel::BulkLogged => RecoveryModelWord::BulkLogged,
        };
        Self {
            name: d.name.clone(),
            recovery_model: word(d.recovery_model),
            size_mib: d.size_mib,
            write_rate: d.write_rate,
            write_interval_seconds: d.write_interval_seconds,
            read_only: d.read_only,
            certificate: d.certificate.clone(),
            faults: (&d.faults).into(),
        }
    }
}

impl ServerBody {
    /// The domain's form. `name`, if sent, must be the one in the path.
    pub(crate) fn into_spec(self, path_name: &str) -> Result<ServerSpec> {
        if self.name.as_ref().is_some_and(|n| !n.eq_ignore_ascii_case(path_name)) {
            return Err(Fault::invalid(
                "InvalidServer",
                format!("The body names another server than the path ('{path_name}'). Leave 'name' out."),
            )
            .at("name"));
        }
        let instance = |i: InstanceBody| InstanceSpec {
            name: i.name,
            version: i.version,
            edition: i.edition,
            online: i.online,
            sysadmin: i.sysadmin,
            certificates: i.certificates,
            faults: i.faults.into(),
            databases: i.databases.into_iter().map(DatabaseBody::into_spec).collect(),
        };
        Ok(ServerSpec {
            subscription: self.subscription.map(Into::into),
            resource_group: self.resource_group,
            location: self.location,
            state: match self.state {
                PowerState::Running => ServerState::Running,
                PowerState::Stopped => ServerState::Stopped,
            },
            faults: self.faults.into(),
            instances: self.instances.into_iter().map(instance).collect(),
        })
    }

    /// The body of a server that holds `spec`.
    pub(crate) fn of(server: &Server, spec: Option<&ServerSpec>) -> Self {
        let instance = |i: &InstanceSpec| InstanceBody {
            name: i.name.clone(),
            version: i.version.clone(),
            edition: i.edition.clone(),
            online: i.online,
            sysadmin: i.sysadmin,
            certificates: i.certificates.clone(),
            faults: (&i.faults).into(),
            databases: i.databases.iter().map(DatabaseBody::of).collect(),
        };
        Self {
            name: Some(server.name.clone()),
            vm_id: Some(server.vm_id()),
            subscription: Some(server.subscription.0),
            resource_group: server.resource_group.clone(),
            location: server.location.clone(),
            state: match spec.map_or(server.state, |s| s.state) {
                ServerState::Running => PowerState::Running,
                ServerState::Stopped => PowerState::Stopped,
            },
            faults: spec.map(|s| (&s.faults).into()).unwrap_or_default(),
            instances: spec.map(|s| s.instances.iter().map(instance).collect()).unwrap_or_default(),
        }
    }
}

/// All servers.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerList)]
pub(crate) struct ServerListBody {
    pub(crate) value: Vec<ServerBody>,
}

/// A change to a database.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Write)]
pub(crate) struct WriteBody {
    /// Instance.
    pub(crate) instance: String,
    /// Database.
    pub(crate) database: String,
    /// How many pages to change.
    pub(crate) pages: u32,
    /// From which the pages and their content are drawn.
    #[serde(default)]
    pub(crate) seed: u64,
    /// As a bulk operation: minimally logged if the recovery model is BulkLogged, so that the next
    /// log backup restores to its end only.
    #[serde(default)]
    pub(crate) bulk: bool,
}

/// A backup that another product takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ForeignBackup)]
pub(crate) struct ForeignBackupBody {
    /// Its kind.
    pub(crate) kind: ForeignKind,
    /// Name of the product, if it gives it: what breaks then is known as its doing.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) product: Option<String>,
}

/// Kinds of backup that matter to the chains of others.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(crate) enum ForeignKind {
    /// Moves the differential base.
    Full,
    /// Moves nothing.
    Differential,
    /// Takes the log: the vault's own chain has a gap.
    Log,
}

/// What a change did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Written)]
pub(crate) struct WrittenBody {
    /// LSN of its commit.
    pub(crate) lsn: String,
    /// When it was committed (RFC 3339).
    #[schema(format = DateTime)]
    pub(crate) committed_at: String,
}

/// Checksum of a database's state, known without any backup.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Checksum)]
pub(crate) struct ChecksumBody {
    /// LSN of the state.
    pub(crate) lsn: String,
    /// When that LSN was committed (RFC 3339).
    #[schema(format = DateTime)]
    pub(crate) committed_at: String,
    /// Hash over all pages, hex.
    pub(crate) hash: String,
}

/// A one-time token for `rsvault-agent enroll`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EnrollmentToken)]
pub(crate) struct EnrollmentTokenBody {
    /// The token; shown once.
    pub(crate) token: String,
    /// Until when it can be used (RFC 3339).
    #[schema(format = DateTime)]
    pub(crate) expires_at: String,
}

/// What a purge removed, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = Purged)]
pub(crate) struct PurgedBody {
    /// Protected items.
    pub(crate) items: Vec<String>,
    /// Containers.
    pub(crate) containers: Vec<String>,
    /// Vaults.
    pub(crate) vaults: Vec<String>,
}
