//! The nodes of an availability group, as its container, its protectable item and its databases show them.

use super::body::InquiryErrorView;
use rsvault_domain::availability::{Group, Replica, Role};
use serde::Serialize;
use utoipa::ToSchema;

/// A node of an availability group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeView {
    /// Host name of its server.
    pub(crate) node_name: String,
    /// `Succeeded` for one that is registered to this vault, else `Failed`.
    pub(crate) status: &'static str,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_detail: Option<InquiryErrorView>,
    /// ARM id of its VM, if it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_resource_id: Option<String>,
}

/// All nodes, the primary first.
pub(crate) fn nodes_of(group: &Group) -> Vec<NodeView> {
    let (primary, others): (Vec<_>, Vec<_>) = group.replicas.iter().partition(|replica| replica.role == Role::Primary);
    primary.into_iter().chain(others).map(NodeView::new).collect()
}

impl NodeView {
    fn new(replica: &Replica) -> Self {
        let missing = || InquiryErrorView {
            code: "BMSUserErrorContainerObjectNotFound".to_owned(),
            message: format!("Server '{}' is not registered to this vault.", replica.host),
            recommendations: vec!["Register it, or rediscover its databases.".to_owned()],
        };
        let registered = replica.node.is_some();
        Self {
            node_name: replica.host.clone(),
            status: if registered { "Succeeded" } else { "Failed" },
            error_detail: (!registered).then(missing),
            source_resource_id: replica.vm_id.clone(),
        }
    }
}
