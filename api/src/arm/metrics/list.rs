//! GET the metrics of a vault.

use super::body::{MetricView, MetricsView, Subject};
use super::query::MetricsQuery;
use crate::AppState;
use crate::arm::moment;
use crate::arm::names::{VaultPath, at_vault};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::health;
use std::sync::Arc;

/// Counts health events of backups and restores, in Azure Monitor's shape; `$filter` splits by item, server and health.
#[utoipa::path(get, path = at_vault!("/providers/Microsoft.Insights/metrics"), tag = "rsvault extensions", operation_id = "Metrics_List",
    params(VaultPath, MetricsQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/Vaults/read"))),
    responses((status = 200, description = "Metrics.", body = MetricsView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<MetricsQuery>,
) -> Result<Json<MetricsView>, ArmError> {
    let wanted = query.wanted(state.engine.clock.now())?;
    let path = path.ask()?;
    let (mut value, mut region) = (Vec::new(), String::new());
    for metric in &wanted.metrics {
        let found = health::events(&state.engine, &path, *metric, wanted.from, wanted.to).await?;
        let subjects = found.items.iter().filter_map(|(id, item)| {
            let container = found.containers.get(&item.container_id)?;
            Some((*id, Subject::new(&found.vault, container, item)))
        });
        value.push(MetricView::new(&found.vault.arm_id(), *metric, &wanted, &found.events, &subjects.collect())?);
        region = found.vault.location;
    }
    Ok(Json(MetricsView {
        cost: 0,
        timespan: format!("{}/{}", moment::second(wanted.from), moment::second(wanted.to)),
        interval: moment::duration(wanted.interval),
        value,
        namespace: "Microsoft.RecoveryServices/vaults",
        resourceregion: region,
    }))
}
