//! What is watched: the health of an item, the alerts of its vault, its metrics.

use super::{World, vault_id, vm_id};
use rsvault_domain::fault::{JobFault, codes};
use rsvault_engine::agents::Outcome;
use rsvault_engine::{agents, reconcile};
use serde_json::{Value, json};

const METRICS: &str = "/providers/Microsoft.Insights/metrics";
const INTERRUPTED: &str = "DataTransferInterrupted";

async fn trigger(world: &World) -> String {
    let body = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full"}});
    let started = world.call("POST", &World::item("salesdb", "/backup"), Some(body)).await.accepted();
    world.job_of(&started).await["id"].as_str().unwrap().to_owned()
}
async fn back_up(world: &World) {
    trigger(world).await;
    world.answer_backup().await;
}
/// A backup that ends with `code`; the id of its job.
async fn fail(world: &World, code: &str) -> String {
    let job = trigger(world).await;
    let command = world.next_command().await;
    let outcome = Outcome::Failed(JobFault::catalogue(code, ""));
    agents::finish(world.engine(), &world.agent, command.id, command.generation, &outcome).await.unwrap();
    job
}
async fn protected() -> World {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    world
}
async fn item(world: &World) -> Value {
    world.call("GET", &World::item("salesdb", ""), None).await.is(200)["properties"].clone()
}
/// The health of the item and the titles of what is wrong.
async fn kpi(world: &World) -> (String, Vec<String>) {
    let shown = &item(world).await["kpisHealths"]["BackupOperationStatusKPI"];
    let titles = shown["resourceHealthDetails"].as_array().unwrap().iter().map(|d| d["title"].as_str().unwrap().to_owned());
    (shown["resourceHealthStatus"].as_str().unwrap().to_owned(), titles.collect())
}
fn told(status: &str, titles: &[&str]) -> (String, Vec<String>) {
    (status.to_owned(), titles.iter().map(|t| (*t).to_owned()).collect())
}
async fn alerts(world: &World, query: &str) -> Vec<Value> {
    world.call("GET", &format!("/alerts{query}"), None).await.is(200)["value"].as_array().unwrap().clone()
}
async fn metrics(world: &World, query: &str) -> Value {
    world.call("GET", &format!("{METRICS}?{}", query.replace(' ', "%20")), None).await.is(200)
}
fn counts(series: &Value) -> Vec<u64> {
    series["data"].as_array().unwrap().iter().map(|v| v["count"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_key_figure_says_whose_failure_it_is_and_whether_it_came_again() {
    let world = protected().await;
    assert_eq!(kpi(&world).await, told("Healthy", &["Success"]), "before the first backup");
    back_up(&world).await;
    assert_eq!(kpi(&world).await, told("Healthy", &["Success"]));
    for (code, status) in [
        (INTERRUPTED, "TransientUnhealthy"),
        (INTERRUPTED, "PersistentUnhealthy"),
        (INTERRUPTED, "PersistentUnhealthy"),
        (codes::LSN, "TransientDegraded"),
        (codes::LSN, "PersistentDegraded"),
    ] {
        fail(&world, code).await;
        assert_eq!(kpi(&world).await, told(status, &[code]));
        assert_eq!(item(&world).await["protectionStatus"], "Unhealthy");
    }
    back_up(&world).await;
    assert_eq!(kpi(&world).await, told("Healthy", &["Success"]), "one that went well ends the row");
    fail(&world, INTERRUPTED).await;
    assert_eq!(kpi(&world).await, told("TransientUnhealthy", &[INTERRUPTED]));
}

#[tokio::test]
async fn a_slot_that_was_missed_shows_in_the_health_of_the_item() {
    let world = World::new().await;
    // After the time of the daily full, before the log of 13:00.
    world.app.clock.advance(60);
    world.register().await;
    world.protect("salesdb").await;
    back_up(&world).await;
    world.app.clock.advance(3600 + 15 * 60);
    reconcile::round(world.engine()).await.unwrap();
    assert_eq!(kpi(&world).await, told("TransientDegraded", &[codes::MISSED]));
    let shown = item(&world).await;
    assert_eq!((&shown["protectionStatus"], &shown["lastBackupStatus"]), (&json!("Unhealthy"), &json!("Healthy")));
    let missed: Vec<Value> =
        alerts(&world, "").await.into_iter().filter(|a| a["properties"]["essentials"]["alertRule"] == "Backup Missed").collect();
    assert_eq!(missed.len(), 1);
    assert!(missed[0]["properties"]["essentials"]["description"].as_str().unwrap().contains("2026-11-25T13:00:00Z"), "{missed:?}");
}

#[tokio::test]
async fn an_alert_names_its_cause_and_is_closed_once() {
    let world = protected().await;
    let first = fail(&world, INTERRUPTED).await;
    world.app.clock.advance(60);
    fail(&world, codes::LSN).await;
    let all = alerts(&world, "").await;
    let of = |n: usize| &all[n]["properties"];
    assert_eq!(
        (of(0)["context"]["errorCode"].as_str(), of(1)["context"]["errorCode"].as_str()),
        (Some(codes::LSN), Some(INTERRUPTED)),
        "newest first"
    );
    let source = format!("{}/providers/Microsoft.RecoveryServices/backupProtectedItem/SQLDataBase;MSSQLSERVER;salesdb", vm_id());
    let essentials = &of(1)["essentials"];
    assert_eq!(
        (
            &essentials["alertRule"],
            &essentials["severity"],
            &essentials["monitorCondition"],
            &essentials["sourceCreatedId"],
            &essentials["targetResource"]
        ),
        (&json!("Backup Failure"), &json!("Sev1"), &json!("Fired"), &json!(source), &json!(vault_id()))
    );
    assert_eq!((&of(1)["context"]["jobId"], &of(1)["context"]["category"]), (&json!(first), &json!("Jobs")));

    let fired = "?$filter=monitorCondition%20eq%20'Fired'";
    assert_eq!(alerts(&world, fired).await.len(), 2);
    let resolve = format!("/alerts/{}/resolve", all[1]["name"].as_str().unwrap());
    let closed = world.call("POST", &resolve, None).await.is(200);
    assert_eq!((&closed["properties"]["essentials"]["alertState"], &closed["id"]), (&json!("Closed"), &all[1]["id"]));
    world.app.clock.advance(60);
    assert_eq!(world.call("POST", &resolve, None).await.is(200), closed, "again is fine, and the time stays");
    let left = alerts(&world, fired).await;
    assert_eq!((left.len(), &left[0]["name"]), (1, &all[0]["name"]));
    assert_eq!(alerts(&world, "").await.len(), 2);
}

#[tokio::test]
async fn an_alert_that_the_vault_does_not_have_is_not_found_and_an_unknown_filter_is_refused() {
    let world = protected().await;
    fail(&world, INTERRUPTED).await;
    let id = alerts(&world, "").await[0]["name"].as_str().unwrap().to_owned();
    let other = vault_id().replace("vault1", "vault2");
    world.at("PUT", &other, Some(json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}))).await.is(201);
    assert_eq!(world.at("GET", &format!("{other}/alerts"), None).await.is(200), json!({"value": []}));
    for path in [format!("{other}/alerts/{id}/resolve"), format!("{}/alerts/no-id/resolve", vault_id())] {
        let said = world.at("POST", &path, None).await.error(404, "AlertNotFound");
        assert!(said.contains("List the vault's alerts"), "{said}");
    }
    assert_eq!(alerts(&world, "?$filter=monitorCondition%20eq%20'Fired'").await.len(), 1, "untouched");
    for filter in ["monitorCondition%20eq%20'Odd'", "severity%20eq%20'Sev1'"] {
        let refused = world.call("GET", &format!("/alerts?$filter={filter}"), None).await;
        assert_eq!(refused.body["error"]["target"], "$filter");
        refused.error(400, "BMSUserErrorInvalidInput");
    }
}

#[tokio::test]
async fn alerts_of_jobs_can_be_switched_off() {
    let world = protected().await;
    let off = json!({"properties": {"monitoringSettings": {"azureMonitorAlertSettings": {"alertsForAllJobFailures": "Disabled"}}}});
    world.call("PATCH", "", Some(off)).await.is(200);
    fail(&world, INTERRUPTED).await;
    assert_eq!(alerts(&world, "").await, Vec::<Value>::new());
    world.call("DELETE", &World::item("salesdb", ""), None).await.accepted();
    world.run_tasks().await;
    let security = alerts(&world, "").await;
    assert_eq!(security.len(), 1, "those of security cannot");
    assert_eq!(security[0]["properties"]["essentials"]["alertRule"], "Delete Backup Data");
}

/// Good at 12:00, interrupted at 12:30 and 12:40, good at 13:00.
async fn with_events() -> World {
    let world = protected().await;
    back_up(&world).await;
    world.app.clock.advance(30 * 60);
    fail(&world, INTERRUPTED).await;
    world.app.clock.advance(10 * 60);
    fail(&world, INTERRUPTED).await;
    world.app.clock.advance(20 * 60);
    back_up(&world).await;
    world
}

#[tokio::test]
async fn events_are_counted_by_interval_and_split_by_the_dimensions_named() {
    let world = with_events().await;
    let span = "metricnames=backuphealthevent&timespan=2026-11-25T12:00:00Z/2026-11-25T13:10:00Z";
    let all = metrics(&world, &format!("{span}&interval=PT30M&aggregation=count")).await;
    assert_eq!((&all["interval"], &all["timespan"]), (&json!("PT30M"), &json!("2026-11-25T12:00:00Z/2026-11-25T13:10:00Z")));
    assert_eq!((&all["namespace"], &all["resourceregion"]), (&json!("Microsoft.RecoveryServices/vaults"), &json!("westeurope")));
    let metric = &all["value"][0];
    assert_eq!((&metric["name"]["value"], &metric["unit"]), (&json!("BackupHealthEvent"), &json!("Count")));
    let series = metric["timeseries"].as_array().unwrap();
    assert_eq!((series.len(), &series[0]["metadatavalues"], counts(&series[0])), (1, &json!([]), vec![1, 2, 1]));
    assert_eq!(series[0]["data"][2]["timeStamp"], "2026-11-25T13:00:00Z");

    let split = metrics(&world, &format!("{span}&interval=PT1H&$filter=healthStatus eq '*' and backupInstanceName eq '*'")).await;
    let name = "VMAppContainer;Compute;rg1;sqlvm1;salesdb";
    let seen: Vec<(Value, Vec<u64>)> = split["value"][0]["timeseries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["metadatavalues"].as_array().unwrap().iter().map(|m| m["value"].clone()).collect(), counts(s)))
        .collect();
    assert_eq!(
        seen,
        [
            (json!(["Healthy", name]), vec![1, 1]),
            (json!(["Persistent Unhealthy", name]), vec![1, 0]),
            (json!(["Transient Unhealthy", name]), vec![1, 0])
        ]
    );
    let path = World::item("salesdb", "").replace("%3B", ";");
    let one = metrics(&world, &format!("{span}&interval=PT1H&$filter=healthStatus eq 'persistent unhealthy' and backupInstanceUrl eq '*' and dataSourceURL eq '*' and dataSourceType eq 'SQLDataBase'")).await;
    let one = &one["value"][0]["timeseries"];
    assert_eq!(one.as_array().unwrap().len(), 1);
    let dimension = |n: usize| {
        (one[0]["metadatavalues"][n]["name"]["value"].as_str().unwrap().to_owned(), one[0]["metadatavalues"][n]["value"].clone())
    };
    assert_eq!(dimension(0), ("dataSourceURL".into(), json!(vm_id())));
    assert_eq!(dimension(1).0, "backupInstanceUrl");
    assert!(dimension(1).1.as_str().unwrap().eq_ignore_ascii_case(&format!("{}{path}", vault_id())), "{:?}", dimension(1));
}

#[tokio::test]
async fn metrics_cover_the_last_day_of_both_unless_asked_and_read_what_the_azure_cli_sends() {
    let world = with_events().await;
    world.app.clock.advance(1);
    let both = metrics(&world, "").await;
    assert_eq!(both["interval"], "PT24H");
    let seen: Vec<_> =
        both["value"].as_array().unwrap().iter().map(|m| (m["name"]["value"].clone(), counts(&m["timeseries"][0]))).collect();
    assert_eq!(seen, [(json!("BackupHealthEvent"), vec![4]), (json!("RestoreHealthEvent"), vec![0])]);
    let twice = "metricnames=BackupHealthEvent&interval=PT1H&timespan=2026-11-25T12%253A00%253A00.000000%252F2026-11-25T13%253A30%253A00%252B00%253A00";
    assert_eq!(counts(&metrics(&world, twice).await["value"][0]["timeseries"][0]), [3, 1]);
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_refused_by_field_with_the_cure() {
    let world = World::new().await;
    let day = "timespan=2026-11-25T00:00:00Z/2026-11-26T00:00:01Z";
    for (query, field, cure) in [
        ("metricnames=CpuPercent", "metricnames", "BackupHealthEvent and RestoreHealthEvent"),
        ("aggregation=Average", "aggregation", "Send Count"),
        ("timespan=PT1H", "timespan", "start/end in RFC 3339"),
        ("timespan=2026-11-25T13:00:00Z/2026-11-25T12:00:00Z", "timespan", "after the start"),
        ("timespan=2026-01-25T13:00:00Z/2026-11-25T12:00:00Z", "timespan", "at most 93 days"),
        ("timespan=-009999-01-01T00:00:00Z/9999-12-30T22:00:00Z", "timespan", "at most 93 days"),
        ("interval=hourly", "interval", "for instance PT1H"),
        ("interval=PT1S", "interval", "a minute or more"),
        ("interval=-PT1H", "interval", "a minute or more"),
        ("interval=P1Y", "interval", "for instance PT1H"),
        (&format!("{day}&interval=PT1M"), "interval", "longer interval"),
    ] {
        let refused = world.call("GET", &format!("{METRICS}?{query}"), None).await;
        assert_eq!(refused.body["error"]["target"], field, "{query}: {}", refused.body);
        let said = refused.error(400, "BadRequest");
        assert!(said.contains(cure), "{query}: {said}");
    }
    let refused = world.call("GET", &format!("{METRICS}?$filter=colour%20eq%20'red'"), None).await;
    assert!(refused.error(400, "BMSUserErrorInvalidInput").contains("healthStatus"));
    world.call("GET", &format!("{METRICS}?interval=P7300000D"), None).await.is(200);
}
