//! The wire form of a private endpoint connection.

use rsvault_domain::fault::Result;
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::endpoint::{EndpointChange, EndpointConnection, LinkStatus, SubResource};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of PUT.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EndpointBody {
    /// What it is and whether it may be used.
    pub(crate) properties: Option<EndpointPropertiesBody>,
}

/// What a connection is, as a client sends it; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointPropertiesBody {
    /// The endpoint; demanded of a new connection.
    pub(crate) private_endpoint: Option<EndpointIdBody>,
    /// `AzureBackup`, `AzureBackup_secondary`, `AzureSiteRecovery`.
    pub(crate) group_ids: Option<Vec<String>>,
    /// The owner's decision.
    pub(crate) private_link_service_connection_state: Option<LinkStateBody>,
}

/// The endpoint.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct EndpointIdBody {
    /// ARM id.
    pub(crate) id: Option<String>,
}

/// The owner's decision.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkStateBody {
    /// `Pending`, `Approved`, `Rejected`, `Disconnected`.
    pub(crate) status: Option<String>,
    /// Why.
    pub(crate) description: Option<String>,
    /// What the consumer is to do.
    pub(crate) actions_required: Option<String>,
}

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/privateEndpointConnections`.
    pub(crate) r#type: &'static str,
    /// What it is.
    pub(crate) properties: EndpointPropertiesView,
}

/// A connection as its vault shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointOfVaultView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/privateEndpointConnections`.
    pub(crate) r#type: &'static str,
    /// Region of the vault.
    pub(crate) location: String,
    /// What it is.
    pub(crate) properties: EndpointPropertiesView,
}

/// What a connection is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointPropertiesView {
    /// `Succeeded`.
    pub(crate) provisioning_state: &'static str,
    /// The endpoint.
    pub(crate) private_endpoint: EndpointIdView,
    /// What it reaches.
    pub(crate) group_ids: Vec<&'static str>,
    /// The owner's decision.
    pub(crate) private_link_service_connection_state: LinkStateView,
}

/// The endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointIdView {
    /// ARM id.
    pub(crate) id: String,
}

/// The owner's decision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkStateView {
    /// `Pending`, `Approved`, `Rejected`, `Disconnected`.
    pub(crate) status: &'static str,
    /// Why.
    pub(crate) description: String,
    /// What the consumer is to do.
    pub(crate) actions_required: String,
}

const TYPE: &str = "Microsoft.RecoveryServices/vaults/privateEndpointConnections";

impl EndpointBody {
    /// The change the body asks for.
    pub(crate) fn change(self) -> Result<EndpointChange> {
        let properties = self.properties.unwrap_or_default();
        let state = properties.private_link_service_connection_state.unwrap_or_default();
        let groups = properties
            .group_ids
            .map(|words| words.iter().map(|w| SubResource::parse(w, "properties.groupIds")).collect::<Result<Vec<_>>>());
        let status = state.status.map(|w| LinkStatus::parse(&w, "properties.privateLinkServiceConnectionState.status"));
        Ok(EndpointChange {
            endpoint: properties.private_endpoint.and_then(|e| e.id),
            groups: groups.transpose()?.filter(|g| !g.is_empty()),
            status: status.transpose()?,
            description: state.description,
            actions_required: state.actions_required,
        })
    }
}

impl From<&EndpointConnection> for EndpointPropertiesView {
    fn from(connection: &EndpointConnection) -> Self {
        Self {
            provisioning_state: "Succeeded",
            private_endpoint: EndpointIdView { id: connection.endpoint.clone() },
            group_ids: connection.groups.iter().map(|g| g.wire()).collect(),
            private_link_service_connection_state: LinkStateView {
                status: connection.status.wire(),
                description: connection.description.clone(),
                actions_required: connection.actions_required.clone(),
            },
        }
    }
}

impl EndpointView {
    /// A connection of a vault.
    pub(crate) fn new(vault: &Vault, connection: &EndpointConnection) -> Self {
        let EndpointOfVaultView { id, name, r#type, properties, .. } = EndpointOfVaultView::new(vault, connection);
        Self { id, name, r#type, properties }
    }
}

impl EndpointOfVaultView {
    /// A connection of a vault.
    pub(crate) fn new(vault: &Vault, connection: &EndpointConnection) -> Self {
        Self {
            id: format!("{}/privateEndpointConnections/{}", vault.arm_id(), connection.name),
            name: connection.name.clone(),
            r#type: TYPE,
            location: vault.location.clone(),
            properties: connection.into(),
        }
    }
}
