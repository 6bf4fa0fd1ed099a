//! The story itself, step by step.

use super::client::{Client, text};
use super::report::Report;
use super::screen::Screen;
use crate::exit::{Failure, Outcome};
use crate::house::House;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use rsvault_domain::backup::{BackupSet, RecoveryPoint, RecoveryPointName};
use rsvault_domain::id::{ContainerName, ItemName, JobId, NameKey};
use rsvault_domain::ports::StoreError;
use serde_json::{Value, json};
use std::time::Duration;

const GROUP: &str = "demo-rg";
const VAULT: &str = "demo-vault";
const POLICY: &str = "demo-policy";
const SERVER: &str = "demo-sql";
const INSTANCE: &str = "MSSQLSERVER";
const REGION: &str = "westeurope";
const WORKLOAD: &str = "backupManagementType eq 'AzureWorkload' and workloadType eq 'SQLDataBase'";
/// Between two looks at a job.
const LOOK: Duration = Duration::from_millis(200);
/// A job that moves no byte for so long is stuck.
const STUCK: SignedDuration = SignedDuration::from_secs(180);
/// 8 KiB pages changed after the backup.
const CHANGED_PAGES: u32 = 500;

/// Who plays, and where.
struct Stage<'a> {
    house: &'a House,
    screen: &'a Screen,
    client: Client,
    subscription: String,
    vault: String,
    database: String,
    size: u64,
}

/// Plays it. The report is given only if the restored bytes are the right ones.
pub(super) async fn play(house: &House, size_mib: u32, screen: &Screen) -> Outcome<Report> {
    let stage = Stage::open(house, size_mib, screen).await?;
    let (container, item) = stage.protect().await?;
    let item_path = format!("{}/backupFabrics/Azure/protectionContainers/{container}/protectedItems/{item}", stage.vault);
    let started = stage.now();
    screen.step("back up (full, compressed, sealed by the agent)", stage.back_up(&item_path)).await?;
    let backup_seconds = stage.now().duration_since(started).as_secs_f64();
    let name = screen.step("find the recovery point", stage.newest_point(&item_path)).await?;
    let (point, set) = stage.facts(&container, &item, &name).await?;
    let lsn = point.facts.last_lsn;
    let expected = stage.checksum(&stage.database, Some(&lsn.to_string())).await?;
    screen.step("change the data", stage.change(&expected)).await?;
    let restored_as = format!("{}_restored_{}", stage.database, house.engine.clock.now().strftime("%Y%m%d_%H%M%S"));
    let started = stage.now();
    screen.step(&format!("restore as '{restored_as}'"), stage.restore(&container, &item_path, &name, &restored_as)).await?;
    let restore_seconds = stage.now().duration_since(started).as_secs_f64();
    screen
        .step("compare the restored bytes with the state at the backup's LSN", async {
            let found = stage.checksum(&restored_as, None).await?;
            if found == expected {
                return Ok(());
            }
            Err(Failure::run(format!("checksum {found} is not {expected}: the restore is NOT what was backed up")))
        })
        .await?;
    let restored_bytes = set.manifest.map_or(0, |m| m.streams.iter().map(|s| s.summary.source_bytes).sum());
    Ok(Report {
        database: stage.database,
        restored_as,
        recovery_point: name,
        lsn: lsn.to_string(),
        checksum: expected,
        sent_bytes: point.facts.source_bytes,
        stored_bytes: point.sealed_bytes,
        restored_bytes,
        backup_seconds,
        restore_seconds,
    })
}

impl<'a> Stage<'a> {
    async fn open(house: &'a House, size_mib: u32, screen: &'a Screen) -> Outcome<Self> {
        let (subscription, principal) = house
            .seed
            .as_ref()
            .and_then(|seed| Some((seed.subscriptions[0].id.to_string(), seed.principals.first()?)))
            .ok_or_else(|| Failure::configuration("the demo needs a principal in the seed"))?;
        let ca = house.settings.tls_dir().join("ca.pem");
        let url = house.url();
        let client = screen.step("sign in", Client::sign_in(&url, &ca, &principal.id, &principal.secret)).await?;
        let vault = format!("/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.RecoveryServices/vaults/{VAULT}");
        // A database of another size is another database: its pages cannot be made anew.
        let stage =
            Self { house, screen, client, subscription, vault, database: format!("sales{size_mib}"), size: u64::from(size_mib) << 20 };
        screen.step("make a resource group and a vault", stage.make_vault()).await?;
        screen.step(&format!("make a database of {size_mib} MiB on '{SERVER}'"), stage.make_database(size_mib)).await?;
        Ok(stage)
    }

    fn now(&self) -> Timestamp {
        self.house.engine.clock.now()
    }

    async fn make_vault(&self) -> Outcome<()> {
        let group = format!("/subscriptions/{}/resourcegroups/{GROUP}", self.subscription);
        self.client.send(Method::PUT, &group, &[], Some(&json!({"location": REGION}))).await?;
        let body = json!({"location": REGION, "sku": {"name": "Standard"}, "properties": {"publicNetworkAccess": "Enabled"}});
        let accepted = self.client.send(Method::PUT, &self.vault, &[], Some(&body)).await?;
        self.client.operation(&accepted).await.map(|_| ())
    }

    async fn make_database(&self, size_mib: u32) -> Outcome<()> {
        let path = format!("/emulator/servers/{SERVER}");
        let mut databases = match self.client.get(&path, &[]).await {
            Ok(server) => server.pointer("/instances/0/databases").and_then(Value::as_array).cloned().unwrap_or_default(),
            // There is none yet.
            Err(_) => Vec::new(),
        };
        databases.retain(|d| d["name"].as_str().is_some_and(|name| name != self.database && !name.contains("_restored_")));
        databases.push(json!({"name": self.database, "sizeMiB": size_mib}));
        let body = json!({"resourceGroup": GROUP, "location": REGION, "instances": [{"name": INSTANCE, "databases": databases}]});
        self.client.send(Method::PUT, &path, &[], Some(&body)).await.map(|_| ())
    }

    /// From discovery to protection; the names of container and item.
    async fn protect(&self) -> Outcome<(String, String)> {
        let fabric = format!("{}/backupFabrics/Azure", self.vault);
        let container = ContainerName::new(GROUP, SERVER).to_string();
        let container_path = format!("{fabric}/protectionContainers/{container}");
        self.screen
            .step("discover and register the server", async {
                let accepted = self
                    .client
                    .send(Method::POST, &format!("{fabric}/refreshContainers"), &[("$filter", "backupManagementType eq 'AzureWorkload'")], None)
                    .await?;
                self.client.result(&accepted).await?;
                let vm = format!("/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines/{SERVER}", self.subscription);
                let body = json!({"properties": {"backupManagementType": "AzureWorkload", "sourceResourceId": vm, "workloadType": "SQLDataBase", "containerType": "VMAppContainer"}});
                let accepted = self.client.send(Method::PUT, &container_path, &[], Some(&body)).await?;
                self.client.result(&accepted).await
            })
            .await?;
        let item = self
            .screen
            .step("find the database on it", async {
                let accepted = self.client.send(Method::POST, &format!("{container_path}/inquire"), &[("$filter", WORKLOAD)], None).await?;
                self.client.result(&accepted).await?;
                let items = self.client.list(&format!("{}/backupProtectableItems", self.vault), &[("$filter", WORKLOAD)]).await?;
                // Once protected it is not protectable any more.
                let found = items.iter().find(|i| {
                    i["properties"]["friendlyName"].as_str() == Some(&self.database)
                        && i["id"].as_str().is_some_and(|id| id.to_lowercase().contains(&container.to_lowercase()))
                });
                match found {
                    Some(item) => Ok(text(item, "/name")?.to_owned()),
                    None => Ok(ItemName::new(INSTANCE, self.database.as_str()).to_string()),
                }
            })
            .await?;
        self.screen
            .step("protect it with a policy of its own", async {
                let policies = format!("{}/backupPolicies", self.vault);
                let hourly = self.client.get(&format!("{policies}/HourlyLogBackup"), &[]).await?;
                let mut properties = hourly["properties"].clone();
                properties["settings"]["isCompression"] = json!(true);
                let accepted =
                    self.client.send(Method::PUT, &format!("{policies}/{POLICY}"), &[], Some(&json!({"properties": properties}))).await?;
                self.client.operation(&accepted).await?;
                let body =
                    json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": format!("{policies}/{POLICY}")}});
                let accepted = self.client.send(Method::PUT, &format!("{container_path}/protectedItems/{item}"), &[], Some(&body)).await?;
                self.job_of(&accepted, 0).await
            })
            .await?;
        Ok((container, item))
    }

    async fn back_up(&self, item: &str) -> Outcome<()> {
        let body = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": true}});
        let accepted = self.client.send(Method::POST, &format!("{item}/backup"), &[], Some(&body)).await?;
        self.job_of(&accepted, self.size).await
    }

    async fn newest_point(&self, item: &str) -> Outcome<String> {
        let points = self.client.list(&format!("{item}/recoveryPoints"), &[]).await?;
        let newest = points
            .iter()
            .filter(|p| p["properties"]["objectType"] == "AzureWorkloadSQLRecoveryPoint")
            .max_by_key(|p| p["properties"]["recoveryPointTimeInUTC"].as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok()));
        text(newest.ok_or_else(|| Failure::run("the backup left no recovery point"))?, "/name").map(str::to_owned)
    }

    async fn restore(&self, container: &str, item: &str, point: &str, name: &str) -> Outcome<()> {
        let container_path = format!("{}/backupFabrics/Azure/protectionContainers/{container}", self.vault);
        let source = self.client.get(&format!("{item}/recoveryPoints/{point}"), &[]).await?;
        let targets = self
            .client
            .list(
                &format!("{container_path}/items"),
                &[("$filter", "backupManagementType eq 'AzureWorkload' and workloadItemType eq 'SQLInstance'")],
            )
            .await?;
        let folders = targets.iter().find_map(|t| t["properties"]["dataDirectoryPaths"].as_array()).cloned().unwrap_or_default();
        let files = source.pointer("/properties/extendedInfo/dataDirectoryPaths").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut mappings = Vec::new();
        for file in &files {
            let (kind, path, logical) = (text(file, "/type")?, text(file, "/path")?, text(file, "/logicalName")?);
            let folder = folders
                .iter()
                .find(|f| f["type"] == kind)
                .ok_or_else(|| Failure::run(format!("the target instance names no folder for {kind} files")))?;
            let extension = path.rsplit_once('.').map_or("dat", |(_, extension)| extension);
            let target = format!("{}{name}_{logical}.{extension}", text(folder, "/path")?);
            mappings.push(json!({"mappingType": kind, "sourceLogicalName": logical, "sourcePath": path, "targetPath": target}));
        }
        let vm =
            format!("/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines/{SERVER}", self.subscription);
        let body = json!({"properties": {
            "objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "shouldUseAlternateTargetLocation": true, "isNonRecoverable": false,
            "sourceResourceId": vm, "targetVirtualMachineId": vm, "alternateDirectoryPaths": mappings,
            "targetInfo": {"overwriteOption": "FailOnConflict", "containerId": container_path, "databaseName": format!("{INSTANCE}/{name}")},
        }});
        let accepted = self.client.send(Method::POST, &format!("{item}/recoveryPoints/{point}/restore"), &[], Some(&body)).await?;
        self.job_of(&accepted, self.size).await
    }

    /// Waits for the job that a request started; draws a bar for `total` bytes.
    async fn job_of(&self, accepted: &super::client::Answer, total: u64) -> Outcome<()> {
        let Some(id) = self.client.operation(accepted).await? else { return Ok(()) };
        let bar = if total > 0 { self.screen.bar(total) } else { indicatif::ProgressBar::hidden() };
        let job_id: Option<JobId> = id.parse().ok();
        let (mut moved, mut done) = (self.now(), 0);
        loop {
            let job = self.client.get(&format!("{}/backupJobs/{id}", self.vault), &[]).await?;
            match text(&job, "/properties/status")? {
                "InProgress" | "Cancelling" => {}
                "Completed" => {
                    bar.finish_and_clear();
                    return Ok(());
                }
                status => {
                    bar.abandon();
                    let errors = job.pointer("/properties/errorDetails").map(Value::to_string).unwrap_or_default();
                    return Err(Failure::run(format!("job {id} ended {status}: {errors}")));
                }
            }
            if let Some(progress) = job_id.and_then(|id| self.house.engine.progress(id))
                && progress.bytes_done > done
            {
                (moved, done) = (self.now(), progress.bytes_done);
                if let Some(total) = progress.bytes_total {
                    bar.set_length(total);
                }
                bar.set_position(done);
            }
            if self.now().duration_since(moved) > STUCK {
                return Err(Failure::run(format!("job {id} has not moved for {} s", STUCK.as_secs())));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The oracle's hash of a database.
    async fn checksum(&self, database: &str, lsn: Option<&str>) -> Outcome<String> {
        let mut query = vec![("instance", INSTANCE), ("database", database)];
        query.extend(lsn.map(|lsn| ("lsn", lsn)));
        let answer = self.client.get(&format!("/emulator/servers/{SERVER}/checksum"), &query).await?;
        text(&answer, "/hash").map(str::to_owned)
    }

    async fn change(&self, before: &str) -> Outcome<()> {
        let seed = self.house.engine.clock.now().as_second();
        let body = json!({"instance": INSTANCE, "database": self.database, "pages": CHANGED_PAGES, "seed": seed});
        self.client.send(Method::POST, &format!("/emulator/servers/{SERVER}/write"), &[], Some(&body)).await?;
        if self.checksum(&self.database, None).await? == before {
            return Err(Failure::run("the write changed nothing: the comparison would prove nothing"));
        }
        Ok(())
    }

    /// What ARM does not show of a point: its LSN and exact sizes.
    async fn facts(&self, container: &str, item: &str, point: &str) -> Outcome<(RecoveryPoint, BackupSet)> {
        let store = |e: StoreError| Failure::run(e.to_string());
        let fault = |f: rsvault_domain::Fault| Failure::run(f.message);
        let gone = || Failure::run("the recovery point is not in the catalogue");
        let subscription = self.subscription.parse().map_err(|_| gone())?;
        let mut tx = self.house.engine.store.read().await.map_err(store)?;
        let vault = tx.vault(subscription, &NameKey::new(GROUP), &NameKey::new(VAULT)).await.map_err(store)?.ok_or_else(gone)?;
        let container = ContainerName::parse(container).map_err(fault)?;
        let container = tx.container(vault.id, &container.key()).await.map_err(store)?.ok_or_else(gone)?;
        let item = tx.item(container.id, &ItemName::parse(item).map_err(fault)?.key()).await.map_err(store)?.ok_or_else(gone)?;
        let name = RecoveryPointName(point.to_owned());
        let point = tx.point(item.id, &name).await.map_err(store)?.ok_or_else(gone)?;
        let set = tx.set(point.set_id).await.map_err(store)?.ok_or_else(gone)?;
        Ok((point, set))
    }
}
