//! The wire form of a usage.

use rsvault_domain::vault::usage::Usage;
use serde::Serialize;
use utoipa::ToSchema;

/// A list of usages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageList {
    /// Usages.
    pub(crate) value: Vec<UsageView>,
}

/// One usage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageView {
    /// Name.
    pub(crate) name: UsageNameView,
    /// `Count`.
    pub(crate) unit: &'static str,
    /// How many there are.
    pub(crate) current_value: i64,
    /// How many there may be; -1 for any number.
    pub(crate) limit: i64,
    /// `P1D` for what counts the last day only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota_period: Option<&'static str>,
}

/// Name of a usage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageNameView {
    /// For machines.
    pub(crate) value: &'static str,
    /// For people.
    pub(crate) localized_value: &'static str,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            name: UsageNameView { value: usage.name, localized_value: usage.text },
            unit: "Count",
            current_value: usage.current,
            limit: usage.limit.unwrap_or(-1),
            quota_period: usage.of_a_day.then_some("P1D"),
        }
    }
}

impl UsageList {
    /// All of these.
    pub(crate) fn new(usages: impl IntoIterator<Item = Usage>) -> Self {
        Self { value: usages.into_iter().map(UsageView::from).collect() }
    }
}
