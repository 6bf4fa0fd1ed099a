//! Private endpoint connections of a vault, kept and shown. rsvault makes no private endpoints: whoever runs
//! one in front of it notes here what it is and whether it is approved.

use super::Vault;
use crate::fault::{Fault, Result};
use crate::id::{ArmId, NameKey};
use serde::{Deserialize, Serialize};

/// Most connections of a vault, as in Azure.
pub const ENDPOINTS_MAX: usize = 12;

/// What a connection may reach (`VaultSubResourceType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubResource {
    /// Backup.
    AzureBackup,
    /// Backup, in the paired region.
    #[serde(rename = "AzureBackup_secondary")]
    AzureBackupSecondary,
    /// Site recovery.
    AzureSiteRecovery,
}

impl SubResource {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AzureBackup, Self::AzureBackupSecondary, Self::AzureSiteRecovery];
    /// Azure's word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::AzureBackup => "AzureBackup",
            Self::AzureBackupSecondary => "AzureBackup_secondary",
            Self::AzureSiteRecovery => "AzureSiteRecovery",
        }
    }
    /// Parses a client's word.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|s| s.wire().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Fault::invalid(
                "BMSUserErrorInvalidInput",
                format!("Property '{field}' is '{word}'; allowed are AzureBackup, AzureBackup_secondary, AzureSiteRecovery."),
            )
            .at(field)
        })
    }
}

/// What the owner of the vault says to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkStatus {
    /// Not decided.
    #[default]
    Pending,
    /// May be used.
    Approved,
    /// May not be used.
    Rejected,
    /// Was taken away by the owner. Nothing comes after it but the deletion.
    Disconnected,
}

impl LinkStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Rejected, Self::Disconnected];
    /// Azure's word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
            Self::Disconnected => "Disconnected",
        }
    }
    /// Parses a client's word.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|s| s.wire().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Fault::invalid(
                "BMSUserErrorInvalidInput",
                format!("Property '{field}' is '{word}'; allowed are Pending, Approved, Rejected, Disconnected."),
            )
            .at(field)
        })
    }
    /// Goes from this to `next`. A decision may be taken back, but is not undone to Pending.
    fn change(self, next: Self) -> Result<Self> {
        let allowed = self == next || (self != Self::Disconnected && next != Self::Pending);
        if allowed {
            return Ok(next);
        }
        let cure = if self == Self::Disconnected {
            "A disconnected one stays so: delete it, and connect again."
        } else {
            "What was decided can be Approved, Rejected or Disconnected, not Pending again."
        };
        Err(Fault::invalid(
            "BMSUserErrorPrivateEndpointStateChangeNotAllowed",
            format!("Property 'status' cannot go from {} to {}. {cure}", self.wire(), next.wire()),
        )
        .at("properties.privateLinkServiceConnectionState.status"))
    }
}

/// A private endpoint connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointConnection {
    /// Name, as first written.
    pub name: String,
    /// ARM id of the private endpoint.
    pub endpoint: String,
    /// What it reaches.
    pub groups: Vec<SubResource>,
    /// The owner's decision.
    pub status: LinkStatus,
    /// Why.
    pub description: String,
    /// What the consumer is to do.
    pub actions_required: String,
}

/// What a request asks for; None leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// ARM id of the private endpoint; demanded of a new connection.
    pub endpoint: Option<String>,
    /// What it reaches.
    pub groups: Option<Vec<SubResource>>,
    /// Decision.
    pub status: Option<LinkStatus>,
    /// Why.
    pub description: Option<String>,
    /// What the consumer is to do.
    pub actions_required: Option<String>,
}

impl Vault {
    /// The connection of this name.
    pub fn endpoint(&self, name: &str) -> Option<&EndpointConnection> {
        self.settings.private_endpoints.iter().find(|e| NameKey::new(&e.name) == NameKey::new(name))
    }
    /// Writes a connection. True if it is new.
    pub fn put_endpoint(&mut self, name: &str, change: EndpointChange) -> Result<bool> {
        const ID: &str = "properties.privateEndpoint.id";
        let name_ok = (1..=255).contains(&name.chars().count()) && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
        if !name_ok {
            return Err(Fault::invalid(
                "BMSUserErrorInvalidInput",
                format!("The connection name '{name}' breaks the rule: 1 to 255 letters, digits or -_. characters."),
            )
            .at("privateEndpointConnectionName"));
        }
        if let Some(id) = &change.endpoint {
            let parsed = ArmId::parse(id, ID)?;
            if !parsed.is("Microsoft.Network", "privateEndpoints") {
                return Err(Fault::invalid(
                    "LinkedInvalidPropertyId",
                    format!("Property '{ID}' is '{id}', which is not a private endpoint. Its id must end in /providers/Microsoft.Network/privateEndpoints/<name>."),
                )
                .at(ID));
            }
        }
        let at = self.settings.private_endpoints.iter().position(|e| NameKey::new(&e.name) == NameKey::new(name));
        let Some(at) = at else {
            if self.settings.private_endpoints.len() >= ENDPOINTS_MAX {
                return Err(Fault::invalid(
                    "BMSUserErrorPrivateEndpointLimitReached",
                    format!(
                        "Vault '{}' has {ENDPOINTS_MAX} private endpoint connections, which is the limit. Delete one first.",
                        self.name
                    ),
                ));
            }
            let endpoint = change.endpoint.ok_or_else(|| {
                Fault::invalid("BMSUserErrorInvalidInput", format!("Property '{ID}' is missing. Send the id of the private endpoint."))
                    .at(ID)
            })?;
            self.settings.private_endpoints.push(EndpointConnection {
                name: name.to_owned(),
                endpoint,
                groups: change.groups.unwrap_or_else(|| vec![SubResource::AzureBackup]),
                status: change.status.unwrap_or_default(),
                description: change.description.unwrap_or_default(),
                actions_required: change.actions_required.unwrap_or_else(|| "None".to_owned()),
            });
            return Ok(true);
        };
        let stands = &mut self.settings.private_endpoints[at];
        if change.endpoint.as_ref().is_some_and(|id| NameKey::new(id) != NameKey::new(&stands.endpoint)) {
            return Err(Fault::invalid(
                "BMSUserErrorInvalidInput",
                format!(
                    "Connection '{}' is to '{}'; another private endpoint needs a connection of its own. Leave '{ID}' as it is.",
                    stands.name, stands.endpoint
                ),
            )
            .at(ID));
        }
        if let Some(status) = change.status {
            stands.status = stands.status.change(status)?;
        }
        if let Some(groups) = change.groups {
            stands.groups = groups;
        }
        if let Some(text) = change.description {
            stands.description = text;
        }
        if let Some(text) = change.actions_required {
            stands.actions_required = text;
        }
        Ok(false)
    }
    /// Takes a connection away; false if there was none.
    pub fn remove_endpoint(&mut self, name: &str) -> bool {
        let before = self.settings.private_endpoints.len();
        self.settings.private_endpoints.retain(|e| NameKey::new(&e.name) != NameKey::new(name));
        self.settings.private_endpoints.len() < before
    }
    /// Whether one of its connections is or may become usable for `group`.
    pub fn is_linked(&self, group: SubResource) -> bool {
        let alive = |e: &&EndpointConnection| matches!(e.status, LinkStatus::Pending | LinkStatus::Approved);
        self.settings.private_endpoints.iter().filter(alive).any(|e| e.groups.contains(&group))
    }
}

/// The zones that a private endpoint's names lie in. `region` is the vault's, in the short form of these names
/// where Azure has one.
pub fn zone_names(group: SubResource, region: &str) -> Vec<String> {
    let zone = |what: &str| format!("privatelink.{what}");
    match group {
        SubResource::AzureBackup | SubResource::AzureBackupSecondary => vec![
            zone(&format!("{}.backup.windowsazure.com", geo_code(region))),
            zone("queue.core.windows.net"),
            zone("blob.core.windows.net"),
        ],
        SubResource::AzureSiteRecovery => vec![zone("siterecovery.windowsazure.com")],
    }
}

/// The short form of a region in zone names; of one that is not known, its name.
fn geo_code(region: &str) -> String {
    let folded = region.replace(' ', "").to_lowercase();
    let code = match folded.as_str() {
        "eastus" => "eus",
        "eastus2" => "eus2",
        "westus" => "wus",
        "westus2" => "wus2",
        "westus3" => "wus3",
        "centralus" => "cus",
        "northcentralus" => "ncus",
        "southcentralus" => "scus",
        "westcentralus" => "wcus",
        "northeurope" => "ne",
        "westeurope" => "we",
        "uksouth" => "uks",
        "ukwest" => "ukw",
        "francecentral" => "frc",
        "germanywestcentral" => "gwc",
        "norwayeast" => "nwe",
        "swedencentral" => "sdc",
        "switzerlandnorth" => "szn",
        "eastasia" => "ea",
        "southeastasia" => "sea",
        "japaneast" => "jpe",
        "japanwest" => "jpw",
        "australiaeast" => "ae",
        "australiasoutheast" => "ase",
        "canadacentral" => "cnc",
        "canadaeast" => "cne",
        "centralindia" => "inc",
        "southindia" => "ins",
        "brazilsouth" => "brs",
        "koreacentral" => "krc",
        "southafricanorth" => "san",
        "uaenorth" => "uan",
        other => other,
    };
    code.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_may_be_taken_back_but_a_disconnected_one_stays_so() {
        use LinkStatus::{Approved, Disconnected, Pending, Rejected};
        for (from, to, allowed) in [
            (Pending, Approved, true),
            (Pending, Rejected, true),
            (Pending, Disconnected, true),
            (Approved, Rejected, true),
            (Rejected, Approved, true),
            (Approved, Disconnected, true),
            (Approved, Pending, false),
            (Rejected, Pending, false),
            (Disconnected, Approved, false),
            (Disconnected, Pending, false),
            (Disconnected, Disconnected, true),
        ] {
            assert_eq!(from.change(to).ok(), allowed.then_some(to), "{from:?} to {to:?}");
        }
    }

    #[test]
    fn zones_are_named_by_the_region() {
        assert_eq!(zone_names(SubResource::AzureBackup, "West Europe")[0], "privatelink.we.backup.windowsazure.com");
        assert_eq!(zone_names(SubResource::AzureBackup, "marsnorth")[0], "privatelink.marsnorth.backup.windowsazure.com");
        assert_eq!(zone_names(SubResource::AzureSiteRecovery, "westus"), ["privatelink.siterecovery.windowsazure.com"]);
    }
}
