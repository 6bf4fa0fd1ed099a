//! One of each: a vault, a registered server, a protected database with a point, made over HTTP. The
//! rows that the fill multiplies are those that the server itself has written.

use crate::Outcome;
use crate::http::{Connection, request, target_of};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const VERSION: &str = "api-version=2026-08-01";
/// The vault with everything in it.
pub(crate) const VAULT: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/bench";
const CONTAINER: &str = "backupFabrics/Azure/protectionContainers/VMAppContainer;Compute;rg1;sqlvm1";
const ITEM: &str = "protectedItems/SQLDataBase;MSSQLSERVER;salesdb";
const PATIENCE: Duration = Duration::from_secs(120);

/// Signs in.
pub(crate) async fn token(host: &str) -> Outcome<String> {
    let mut connection = Connection::open(host).await?;
    let form = "grant_type=client_credentials&client_id=bench&client_secret=bench&scope=https%3A%2F%2Flocalhost%2F.default".to_owned();
    let path = "/00000000-0000-0000-0000-00000000000a/oauth2/v2.0/token";
    let answer = connection.ask(&request("POST", host, path, None, "application/x-www-form-urlencoded", &form)).await?;
    let body: Value = serde_json::from_slice(connection.body(&answer))?;
    Ok(body["access_token"].as_str().ok_or_else(|| format!("no token: {body}"))?.to_owned())
}

/// Makes them.
pub(crate) async fn make(host: &str) -> Outcome<()> {
    let token = token(host).await?;
    let mut c = Connection::open(host).await?;
    let vault = json!({"location": "westeurope", "sku": {"name": "RS0"}, "properties": {"publicNetworkAccess": "Enabled"}});
    run(&mut c, &token, "PUT", &format!("{VAULT}?{VERSION}"), &vault).await?;
    run(&mut c, &token, "POST", &format!("{VAULT}/backupFabrics/Azure/refreshContainers?{VERSION}"), &Value::Null).await?;
    let vm = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/sqlvm1";
    let container = json!({"properties": {
        "containerType": "VMAppContainer", "backupManagementType": "AzureWorkload", "workloadType": "SQLDataBase",
        "sourceResourceId": vm, "friendlyName": "sqlvm1", "operationType": "Register"}});
    run(&mut c, &token, "PUT", &format!("{VAULT}/{CONTAINER}?{VERSION}"), &container).await?;
    let item = json!({"properties": {
        "protectedItemType": "AzureVmWorkloadSQLDatabase", "backupManagementType": "AzureWorkload", "workloadType": "SQLDataBase",
        "policyId": format!("{VAULT}/backupPolicies/HourlyLogBackup")}});
    run(&mut c, &token, "PUT", &format!("{VAULT}/{CONTAINER}/{ITEM}?{VERSION}"), &item).await?;
    let backup = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": false}});
    run(&mut c, &token, "POST", &format!("{VAULT}/{CONTAINER}/{ITEM}/backup?{VERSION}"), &backup).await?;
    let started = Instant::now();
    loop {
        let (_, jobs) = c.json("GET", &format!("{VAULT}/backupJobs?{VERSION}"), &token, &Value::Null).await?;
        let jobs = jobs["value"].as_array().cloned().unwrap_or_default();
        if jobs.iter().any(|job| job["properties"]["operation"].as_str().is_some_and(|o| o.starts_with("Backup")))
            && jobs.iter().all(|job| job["properties"]["status"] == "Completed")
        {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("the backup of the template has not ended: {jobs:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Sends a request and waits for its operation.
async fn run(c: &mut Connection, token: &str, method: &str, target: &str, body: &Value) -> Outcome<()> {
    let (answer, _) = c.json(method, &target.replace(';', "%3B"), token, body).await?;
    let Some(status) = answer.header("azure-asyncoperation").map(|link| target_of(link).to_owned()) else { return Ok(()) };
    let started = Instant::now();
    loop {
        let (_, operation) = c.json("GET", &status, token, &Value::Null).await?;
        match operation["status"].as_str() {
            Some("Succeeded") => return Ok(()),
            Some("InProgress") if started.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(100)).await,
            _ => return Err(format!("{method} {target}: {operation}").into()),
        }
    }
}
