//! Exports of jobs: the operation, its result, and what can be fetched with it.

use super::World;
use super::archive::with_a_full;
use http::{Request, StatusCode};
use serde_json::{Value, json};

/// Fetches without a token.
async fn fetch(world: &World, url: &str) -> (StatusCode, Value) {
    let path = url.strip_prefix("https://localhost:8443").unwrap_or(url);
    let request = Request::builder().uri(path).header("host", "localhost:8443").body(axum::body::Body::empty()).unwrap();
    let (status, _, body) = crate::testing::read(world.app.send(request).await).await;
    (status, body)
}
async fn exported(world: &World, filter: &str) -> Value {
    let started = world.call("POST", &format!("/backupJobsExport{filter}"), None).await.accepted();
    assert!(started.result.ends_with(&format!("/backupJobs/operationResults/{}", started.id)), "{}", started.result);
    assert_eq!(world.at("GET", &started.status, None).await.is(200)["status"], "Succeeded");
    let result = world.at("GET", &started.result, None).await.is(200);
    assert_eq!(result["operation"]["objectType"], "ExportJobsOperationResultInfo");
    result["operation"].clone()
}
fn url(export: &Value, name: &str, key: &str) -> String {
    format!("{}{}", export[name].as_str().unwrap(), export[key].as_str().unwrap())
}

#[tokio::test]
async fn an_export_gives_the_jobs_of_its_filter_to_whoever_has_its_url() {
    let (world, _) = with_a_full().await;
    let export = exported(&world, "?$filter=operation%20eq%20'Backup'%20and%20status%20eq%20Completed").await;
    let (status, body) = fetch(&world, &url(&export, "blobUrl", "blobSasKey")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let jobs = body["value"].as_array().unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["properties"]["operation"], "Backup (Full)");
    assert_eq!(jobs[0]["properties"]["extendedInfo"]["tasksList"][0]["status"], "Completed");
    let (_, table) = fetch(&world, &url(&export, "excelFileBlobUrl", "excelFileBlobSasKey")).await;
    let lines: Vec<&str> = table.as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("JobId,Operation,Status"));
    assert!(lines[1].contains(",Backup (Full),Completed,salesdb [sqlvm1],"), "{}", lines[1]);
    let all = exported(&world, "").await;
    let (_, body) = fetch(&world, &url(&all, "blobUrl", "blobSasKey")).await;
    let listed = world.call("GET", "/backupJobs", None).await.is(200);
    let names = |list: &Value| list["value"].as_array().unwrap().iter().map(|job| job["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&body), names(&listed));
    let none = exported(&world, "?$filter=backupManagementType%20eq%20'AzureIaasVM'").await;
    assert_eq!(fetch(&world, &url(&none, "blobUrl", "blobSasKey")).await.1, json!({"value": []}));
}

#[tokio::test]
async fn an_export_is_read_with_its_key_and_within_the_hour() {
    let (world, _) = with_a_full().await;
    let export = exported(&world, "").await;
    let right = url(&export, "blobUrl", "blobSasKey");
    assert_eq!(fetch(&world, &right).await.0, StatusCode::OK);
    let other = exported(&world, "").await;
    for wrong in [
        export["blobUrl"].as_str().unwrap().to_owned(),
        format!("{}?sig=0", export["blobUrl"].as_str().unwrap()),
        format!("{}{}", export["blobUrl"].as_str().unwrap(), other["blobSasKey"].as_str().unwrap()),
        format!("/exports/{}/jobs.json?sig=0", uuid::Uuid::nil()),
    ] {
        let (status, body) = fetch(&world, &wrong).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("AuthenticationFailed")), "{wrong}");
    }
    assert_eq!(fetch(&world, &right.replace("jobs.json", "jobs.xml")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&world, "/exports/banana/jobs.json").await.0, StatusCode::NOT_FOUND);
    world.app.clock.advance(3600);
    assert_eq!(fetch(&world, &right).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_filter_that_jobs_do_not_know_is_refused_for_lists_and_exports_alike() {
    let world = World::new().await;
    for (filter, word) in [
        ("colour%20eq%20'red'", "colour"),
        ("operation%20eq%20'Dance'", "Dance"),
        ("status%20eq%20'Odd'", "Odd"),
        ("startTime%20eq%20'yesterday'", "yesterday"),
    ] {
        for (method, path) in [("GET", "/backupJobs"), ("POST", "/backupJobsExport")] {
            let told = world.call(method, &format!("{path}?$filter={filter}"), None).await.error(400, "BMSUserErrorInvalidInput");
            assert!(told.contains(word), "{told}");
        }
    }
}
