//! The wire form of a question to the graph and of its answer.

use super::query::TYPE;
use crate::arm::items::ItemView;
use jiff::Timestamp;
use rsvault_domain::tenancy::RegionKey;
use rsvault_engine::protection;
use rsvault_engine::vaults::deleted_id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Body of the question.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct GraphBody {
    /// The query, in KQL.
    pub(crate) query: Option<String>,
    /// Subscriptions asked about.
    pub(crate) subscriptions: Option<Vec<String>>,
    /// The same, as `az` sends it.
    pub(crate) options: Option<GraphOptionsBody>,
}

/// Options of the question.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct GraphOptionsBody {
    /// Subscriptions asked about.
    pub(crate) subscriptions: Option<Vec<String>>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphView {
    /// How many rows there are.
    pub(crate) total_records: usize,
    /// How many of them are here: all.
    pub(crate) count: usize,
    /// `false`.
    pub(crate) result_truncated: &'static str,
    /// Rows.
    pub(crate) data: Vec<GraphRow>,
    /// None.
    #[schema(value_type = Vec<Object>)]
    pub(crate) facets: [serde_json::Value; 0],
}

/// An item of a deleted vault.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphRow {
    /// ARM id below the deleted vault.
    pub(crate) id: String,
    /// Type, in lower case.
    pub(crate) r#type: &'static str,
    /// Name of the item.
    pub(crate) name: String,
    /// Region.
    pub(crate) location: String,
    /// Resource group that the vault was in.
    pub(crate) resource_group: String,
    /// Subscription.
    pub(crate) subscription_id: String,
    /// `AzureWorkload/SQLDataBase`.
    pub(crate) data_source_type: &'static str,
    /// As the item's own resource shows them.
    #[schema(value_type = Object)]
    pub(crate) properties: serde_json::Value,
    /// None.
    pub(crate) tags: BTreeMap<String, String>,
}

impl GraphRow {
    /// The id of an item below its deleted vault.
    pub(crate) fn id(item: &protection::ItemView) -> String {
        let below = format!("backupFabrics/Azure/protectionContainers/{}/protectedItems/{}", item.container.name, item.item.name);
        format!("{}/{below}", deleted_id(&item.vault))
    }
    /// A row.
    pub(crate) fn new(item: &protection::ItemView, now: Timestamp) -> Self {
        let shown = serde_json::to_value(ItemView::new(item, now, false)).unwrap_or_default();
        Self {
            id: Self::id(item),
            r#type: TYPE,
            name: item.item.name.to_string(),
            location: RegionKey::new(&item.vault.location).as_str().to_owned(),
            resource_group: item.vault.resource_group.clone(),
            subscription_id: item.vault.subscription.to_string(),
            data_source_type: "AzureWorkload/SQLDataBase",
            properties: shown.get("properties").cloned().unwrap_or_default(),
            tags: BTreeMap::new(),
        }
    }
}
