//! The answer of metrics, in Azure Monitor's shape.

use super::query::{DIMENSIONS, Wanted, name};
use crate::arm::items::item_id;
use crate::arm::moment;
use jiff::SignedDuration;
use rsvault_domain::Fault;
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::Result;
use rsvault_domain::health::{HealthEvent, HealthMetric};
use rsvault_domain::id::ItemId;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// Values that one metric of an answer has at most.
const MOST_VALUES: usize = 200_000;

/// Metrics.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetricsView {
    /// 0: nothing is charged.
    pub(crate) cost: i64,
    /// What is covered.
    pub(crate) timespan: String,
    /// Length of one value.
    pub(crate) interval: String,
    /// Metrics.
    pub(crate) value: Vec<MetricView>,
    /// `Microsoft.RecoveryServices/vaults`.
    pub(crate) namespace: &'static str,
    /// Region of the vault.
    pub(crate) resourceregion: String,
}

/// One metric.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetricView {
    /// Id.
    pub(crate) id: String,
    /// `Microsoft.Insights/metrics`.
    pub(crate) r#type: &'static str,
    /// Name.
    pub(crate) name: WordView,
    /// What it counts.
    pub(crate) display_description: &'static str,
    /// `Count`.
    pub(crate) unit: &'static str,
    /// One series for each combination of the dimensions asked for.
    pub(crate) timeseries: Vec<SeriesView>,
    /// `Success`.
    pub(crate) error_code: &'static str,
}

/// A word as machines and people read it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WordView {
    /// For machines.
    pub(crate) value: String,
    /// For people.
    pub(crate) localized_value: String,
}

impl WordView {
    fn of(text: &str) -> Self {
        Self { value: text.to_owned(), localized_value: text.to_owned() }
    }
}

/// A series.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeriesView {
    /// Dimensions that the question named.
    pub(crate) metadatavalues: Vec<DimensionView>,
    /// Values; intervals without an event count 0.
    pub(crate) data: Vec<CountView>,
}

/// A dimension.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DimensionView {
    /// Name.
    pub(crate) name: WordView,
    /// Value.
    pub(crate) value: String,
}

/// One value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountView {
    /// Start of the interval.
    pub(crate) time_stamp: String,
    /// Events in it.
    pub(crate) count: u64,
}

/// What dimensions say of the item of an event.
pub(crate) struct Subject {
    /// ARM id of the VM.
    pub(crate) datasource: String,
    /// ARM id of the item.
    pub(crate) instance: String,
    /// `{container};{friendly name}`.
    pub(crate) instance_name: String,
}

impl Subject {
    /// Of this item.
    pub(crate) fn new(vault: &Vault, container: &Container, item: &ProtectedItem) -> Self {
        Self {
            datasource: container.source_resource_id.clone(),
            instance: item_id(vault, container, item),
            instance_name: format!("{};{}", container.name, item.name.database),
        }
    }
    /// Values in the order of [`DIMENSIONS`].
    fn values(&self, event: &HealthEvent) -> [&str; 5] {
        [&self.datasource, &self.instance, "SQLDataBase", event.status.dimension(), &self.instance_name]
    }
}

impl MetricView {
    /// Counts events: one series for each combination of the dimensions that the question names, one
    /// for all when it names none.
    pub(crate) fn new(
        vault: &str,
        metric: HealthMetric,
        wanted: &Wanted,
        events: &[HealthEvent],
        subjects: &HashMap<ItemId, Subject>,
    ) -> Result<Self> {
        let step = wanted.interval.as_secs().max(1);
        let slots = usize::try_from(wanted.slots()).unwrap_or(1);
        let split = DIMENSIONS.map(|dimension| wanted.names(dimension));
        let mut series: BTreeMap<[&str; 5], Vec<u64>> = BTreeMap::new();
        if !split.contains(&true) {
            series.insert([""; 5], vec![0; slots]);
        }
        for event in events {
            let Some(subject) = subjects.get(&event.item_id) else { continue };
            let mut key = subject.values(event);
            if DIMENSIONS.iter().zip(key).any(|(dimension, value)| !wanted.admits(dimension, value)) {
                continue;
            }
            for (value, _) in key.iter_mut().zip(split).filter(|(_, shown)| !shown) {
                *value = "";
            }
            let counts = series.entry(key).or_insert_with(|| vec![0; slots]);
            let slot = event.at.duration_since(wanted.from).as_secs() / step;
            if let Some(count) = usize::try_from(slot).ok().and_then(|n| counts.get_mut(n)) {
                *count += 1;
            }
            if series.len() * slots > MOST_VALUES {
                return Err(Fault::invalid(
                    "BadRequest",
                    format!("The answer would have more than {MOST_VALUES} values. Ask for a longer interval, or name fewer dimensions in $filter."),
                )
                .at("interval"));
            }
        }
        let series_of = |(key, counts): ([&str; 5], Vec<u64>)| SeriesView {
            metadatavalues: DIMENSIONS
                .into_iter()
                .zip(key)
                .zip(split)
                .filter(|(_, shown)| *shown)
                .map(|((name, value), _)| DimensionView { name: WordView::of(name), value: value.to_owned() })
                .collect(),
            data: (0i64..)
                .zip(counts)
                .map(|(n, count)| CountView { time_stamp: moment::second(wanted.from + SignedDuration::from_secs(n * step)), count })
                .collect(),
        };
        Ok(Self {
            id: format!("{vault}/providers/Microsoft.Insights/metrics/{}", name(metric)),
            r#type: "Microsoft.Insights/metrics",
            name: WordView::of(name(metric)),
            display_description: match metric {
                HealthMetric::Backup => "The count of health events pertaining to backup job health",
                HealthMetric::Restore => "The count of health events pertaining to restore job health",
            },
            unit: "Count",
            timeseries: series.into_iter().map(series_of).collect(),
            error_code: "Success",
        })
    }
}
