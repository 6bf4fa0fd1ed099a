// The official JavaScript SDKs play the SQL story, well-behaved and not. js_story.py starts the vault and gives BASE, TOKEN, SUB, GROUP.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { RecoveryServicesClient } from "@azure/arm-recoveryservices";
import { RecoveryServicesBackupClient } from "@azure/arm-recoveryservicesbackup";

const { BASE, TOKEN, SUB, GROUP } = process.env;
const VAULT = "js-vault";
const C = `VMAppContainer;Compute;${GROUP};sqlvm1`;
const I = "SQLDataBase;MSSQLSERVER;salesdb";
const V = `/subscriptions/${SUB}/resourceGroups/${GROUP}/providers/Microsoft.RecoveryServices/vaults/${VAULT}`;
const VM = `/subscriptions/${SUB}/resourceGroups/${GROUP}/providers/Microsoft.Compute/virtualMachines/sqlvm1`;
const WORKLOAD = "backupManagementType eq 'AzureWorkload'";
const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const options = { endpoint: BASE, credentialScopes: [`${BASE}/.default`] };
const vaults = new RecoveryServicesClient(credential, SUB, options);
const backup = new RecoveryServicesBackupClient(credential, SUB, options);

let passed = 0;
let failed = 0;
async function step(name, rule) {
  const began = performance.now();
  const took = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    await rule();
    passed += 1;
    console.log(`ok - ${name} (${took()})`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL - ${name} (${took()}): ${error.code ?? ""} ${error.message}`);
  }
}
async function all(pages) {
  const found = [];
  for await (const one of pages) found.push(one);
  return found;
}
async function refused(call, status, code) {
  try {
    await call();
  } catch (error) {
    assert.deepEqual([error.statusCode, error.code], [status, code], error.message);
    return error;
  }
  assert.fail(`accepted, want ${status} ${code}`);
}
async function until(what, ask, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((done) => setTimeout(done, 200));
  }
  assert.fail(`${what}: not within ${seconds} s`);
}
/** The operation that a call's 202 named, when it has ended; answers its job. */
async function ended(call) {
  let header;
  await call({ onResponse: (raw) => (header ??= raw.headers.get("azure-asyncoperation")) });
  const id = header.split("?")[0].split("/").pop();
  const operation = await until("operation", async () => {
    const shown = await backup.backupOperationStatuses.get(VAULT, GROUP, id);
    return shown.status !== "InProgress" && shown;
  });
  assert.equal(operation.status, "Succeeded", JSON.stringify(operation.error));
  return until("job", async () => {
    const job = await backup.jobDetails.get(VAULT, GROUP, operation.properties.jobId);
    return job.properties.status !== "InProgress" && job;
  });
}
async function emulator(method, path, body) {
  const answer = await fetch(`${BASE}/emulator${path}`, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}
const checksum = async (database) => (await emulator("GET", `/servers/sqlvm1/checksum?instance=MSSQLSERVER&database=${database}`)).hash;
const item = (properties) => ({ properties: { protectedItemType: "AzureVmWorkloadSQLDatabase", ...properties } });
const on = [VAULT, GROUP, "Azure", C, I];

await step("a vault that is not there is 404", () => refused(() => vaults.vaults.get(GROUP, VAULT), 404, "ResourceNotFound"));
await step("vault: create, get, list, update, usages", async () => {
  const made = await vaults.vaults.beginCreateOrUpdateAndWait(GROUP, VAULT, { location: "westeurope", sku: { name: "Standard" }, properties: {} });
  assert.equal(made.properties.provisioningState, "Succeeded");
  assert.ok((await all(vaults.vaults.listByResourceGroup(GROUP))).some((v) => v.name === VAULT));
  assert.ok((await all(vaults.vaults.listBySubscriptionId())).some((v) => v.name === VAULT));
  const changed = await vaults.vaults.beginUpdateAndWait(GROUP, VAULT, { tags: { by: "js" } });
  assert.deepEqual(changed.tags, { by: "js" });
  assert.ok((await all(vaults.usages.listByVaults(GROUP, VAULT))).length > 0);
});
await step("operations of the provider are listed", async () => {
  assert.ok((await all(vaults.operations.list())).some((o) => o.name.toLowerCase() === "microsoft.recoveryservices/vaults/read"));
});
await step("configuration: storage and vault, read and written", async () => {
  const storage = await backup.backupResourceStorageConfigsNonCRR.get(VAULT, GROUP);
  assert.equal(storage.properties.storageModelType, "GeoRedundant");
  const config = await backup.backupResourceVaultConfigs.update(VAULT, GROUP, { properties: { softDeleteRetentionPeriodInDays: 20 } });
  assert.equal(config.properties.softDeleteRetentionPeriodInDays, 20);
});
await step("policies: the three defaults, a new one, a wrong one", async () => {
  const names = (await all(backup.backupPolicies.list(VAULT, GROUP))).map((p) => p.name);
  assert.deepEqual(names.sort(), ["DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"]);
  const at = new Date("2026-11-25T20:00:00Z");
  const weekly = {
    properties: {
      backupManagementType: "AzureWorkload", workLoadType: "SQLDataBase", settings: { timeZone: "UTC", issqlcompression: false, isCompression: false },
      subProtectionPolicy: [{
        policyType: "Full",
        schedulePolicy: { schedulePolicyType: "SimpleSchedulePolicy", scheduleRunFrequency: "Daily", scheduleRunTimes: [at] },
        retentionPolicy: { retentionPolicyType: "LongTermRetentionPolicy", dailySchedule: { retentionTimes: [at], retentionDuration: { count: 30, durationType: "Days" } } },
      }, {
        policyType: "Log",
        schedulePolicy: { schedulePolicyType: "LogSchedulePolicy", scheduleFrequencyInMins: 60 },
        retentionPolicy: { retentionPolicyType: "SimpleRetentionPolicy", retentionDuration: { count: 15, durationType: "Days" } },
      }],
    },
  };
  const saved = await backup.protectionPolicies.createOrUpdate(VAULT, GROUP, "js-policy", weekly);
  assert.equal(saved.properties.subProtectionPolicy.length, 2);
  weekly.properties.subProtectionPolicy[1].retentionPolicy.retentionDuration.count = 36;
  weekly.properties.settings.timeZone = "Mars";
  const error = await refused(() => backup.protectionPolicies.createOrUpdate(VAULT, GROUP, "js-policy", weekly), 400, "BMSUserErrorInvalidPolicyInput");
  assert.equal(error.details.error?.details?.length ?? error.details.details?.length, 2, "both breaches are told");
});
await step("refresh, protectable containers, register", async () => {
  await backup.protectionContainers.refresh(VAULT, GROUP, "Azure", { filter: WORKLOAD });
  await until("discovery", async () => (await all(backup.protectableContainers.list(VAULT, GROUP, "Azure", { filter: WORKLOAD }))).length > 0);
  const registered = await backup.protectionContainers.beginRegisterAndWait(VAULT, GROUP, "Azure", C, {
    properties: { containerType: "VMAppContainer", backupManagementType: "AzureWorkload", sourceResourceId: VM, workloadType: "SQLDataBase" },
  });
  assert.equal(registered.properties.registrationStatus, "Registered");
  assert.equal((await all(backup.backupProtectionContainers.list(VAULT, GROUP, { filter: `${WORKLOAD} and status eq 'Registered'` }))).length, 1);
  assert.equal((await backup.protectionContainers.get(VAULT, GROUP, "Azure", C)).name.toLowerCase(), C.toLowerCase());
});
await step("an unknown server cannot be registered", () =>
  refused(() => backup.protectionContainers.beginRegisterAndWait(VAULT, GROUP, "Azure", `VMAppContainer;Compute;${GROUP};nope`, {
    properties: { containerType: "VMAppContainer", backupManagementType: "AzureWorkload", sourceResourceId: VM.replace("sqlvm1", "nope"), workloadType: "SQLDataBase" },
  }), 400, "BMSUserErrorContainerObjectNotFound"));
await step("inquire; protectable and workload items", async () => {
  await backup.protectionContainers.inquire(VAULT, GROUP, "Azure", C, { filter: "workloadType eq 'SQLDataBase'" });
  const found = await until("items", async () => {
    const items = await all(backup.backupProtectableItems.list(VAULT, GROUP, { filter: `${WORKLOAD} and workloadType eq 'SQLDataBase'` }));
    return items.length > 2 && items;
  });
  const instance = found.find((i) => i.properties.protectableItemType === "SQLInstance");
  assert.ok(instance.properties.isAutoProtectable && !instance.properties.isAutoProtected);
  assert.ok((await all(backup.backupWorkloadItems.list(VAULT, GROUP, "Azure", C, { filter: `${WORKLOAD} and workloadItemType eq 'SQLInstance'` }))).length === 1);
});
await step("enable: IRPending, nothing backed up yet", async () => {
  const job = await ended((o) => backup.protectedItems.createOrUpdate(...on, item({ policyId: `${V}/backupPolicies/js-policy` }), o));
  assert.equal(job.properties.operation, "ConfigureBackup");
  const shown = await backup.protectedItems.get(...on);
  assert.equal(shown.properties.protectionState, "IRPending");
  assert.equal((await all(backup.backupProtectedItems.list(VAULT, GROUP, { filter: `${WORKLOAD} and itemType eq 'SQLDataBase'` }))).length, 1);
});
await step("a policy in use cannot be deleted", () =>
  refused(() => backup.protectionPolicies.beginDeleteAndWait(VAULT, GROUP, "js-policy"), 400, "BMSUserErrorPolicyInUse"));
let before;
await step("backup: Full, then Log; a point and a range", async () => {
  before = await checksum("salesdb");
  for (const backupType of ["Full", "Log"]) {
    // A range has a length: its log is of later seconds than its full.
    await emulator("POST", "/clock/advance", { by: 5 });
    const job = await ended((o) => backup.backups.trigger(...on, { properties: { objectType: "AzureWorkloadBackupRequest", backupType, enableCompression: false } }, o));
    assert.deepEqual([job.properties.operation, job.properties.status], [`Backup (${backupType})`, "Completed"]);
  }
  const points = await all(backup.recoveryPoints.list(...on));
  assert.deepEqual([points.length, points.at(-1).name], [2, "DefaultRangeRecoveryPoint"]);
  assert.ok(points.at(-1).properties.timeRanges[0].startTime instanceof Date);
  const one = await backup.recoveryPoints.get(...on, points[0].name);
  assert.ok(one.properties.extendedInfo.dataDirectoryPaths.length > 1);
});
await step("validate and restore to another name: the bytes of the backup", async () => {
  const [point] = await all(backup.recoveryPoints.list(...on));
  const request = (databaseName, overwriteOption) => ({ properties: {
    objectType: "AzureWorkloadSQLRestoreRequest", recoveryType: "AlternateLocation", sourceResourceId: VM, shouldUseAlternateTargetLocation: true,
    isNonRecoverable: false, targetVirtualMachineId: VM,
    targetInfo: { overwriteOption, containerId: `${V}/backupFabrics/Azure/protectionContainers/${C}`, databaseName: `MSSQLSERVER/${databaseName}` },
  } });
  const job = await ended((o) => backup.restores.beginTriggerAndWait(...on, point.name, request("salesdb_js", "FailOnConflict"), o));
  assert.deepEqual([job.properties.operation, job.properties.status], ["Restore (Full)", "Completed"]);
  assert.equal(await checksum("salesdb_js"), before);
  await refused(() => backup.restores.beginTriggerAndWait(...on, point.name, request("salesdb", "FailOnConflict")), 400, "UserErrorCannotRestoreExistingDBWithoutForceOverwrite");
});
await step("restore to a second: in a range the bytes, outside it a refusal", async () => {
  const points = await all(backup.recoveryPoints.list(...on));
  const { endTime } = points.at(-1).properties.timeRanges[0];
  const request = (pointInTime, databaseName) => ({ properties: {
    objectType: "AzureWorkloadSQLPointInTimeRestoreRequest", recoveryType: "AlternateLocation", sourceResourceId: VM, shouldUseAlternateTargetLocation: true,
    isNonRecoverable: false, targetVirtualMachineId: VM, pointInTime,
    targetInfo: { overwriteOption: "Overwrite", containerId: `${V}/backupFabrics/Azure/protectionContainers/${C}`, databaseName: `MSSQLSERVER/${databaseName}` },
  } });
  const job = await ended((o) => backup.restores.beginTriggerAndWait(...on, "DefaultRangeRecoveryPoint", request(endTime, "salesdb_then"), o));
  assert.equal(job.properties.operation, "Restore (Log)");
  assert.equal(await checksum("salesdb_then"), before);
  await refused(() => backup.restores.beginTriggerAndWait(...on, "DefaultRangeRecoveryPoint", request(new Date(+endTime + 3_600_000), "x")), 400, "UserErrorRestorePointInTimeNotInRange");
});
await step("jobs: list with a filter, details, cancel of an ended one is refused", async () => {
  const jobs = await all(backup.backupJobs.list(VAULT, GROUP, { filter: "operation eq 'Backup' and status eq 'Completed'" }));
  assert.equal(jobs.length, 2);
  await refused(() => backup.jobCancellations.trigger(VAULT, GROUP, jobs[0].name), 400, "UserErrorJobNotCancellable");
  await refused(() => backup.jobDetails.get(VAULT, GROUP, randomUUID()), 404, "BMSUserErrorJobNotFound");
});
await step("auto-protection: intent, read back, listed, gone", async () => {
  const name = randomUUID();
  const itemId = `${V}/backupFabrics/Azure/protectionContainers/${C}/protectableItems/SQLInstance;MSSQLSERVER`;
  await backup.protectionIntentOperations.createOrUpdate(VAULT, GROUP, "Azure", name, {
    properties: { protectionIntentItemType: "RecoveryServiceVaultItem", backupManagementType: "AzureWorkload", itemId, policyId: `${V}/backupPolicies/HourlyLogBackup` },
  });
  assert.equal((await backup.protectionIntentOperations.get(VAULT, GROUP, "Azure", name)).name, name);
  assert.equal((await all(backup.backupProtectionIntent.list(VAULT, GROUP, { filter: WORKLOAD }))).length, 1);
  await backup.protectionIntentOperations.delete(VAULT, GROUP, "Azure", name);
});
await step("stop, delete, undelete, delete again; nothing of it by hard ways", async () => {
  assert.equal((await ended((o) => backup.protectedItems.createOrUpdate(...on, item({ policyId: "", protectionState: "ProtectionStopped" }), o))).properties.operation, "DisableBackup");
  assert.equal((await ended((o) => backup.protectedItems.delete(...on, o))).properties.operation, "DeleteBackupData");
  const gone = await backup.protectedItems.get(...on);
  assert.ok(gone.properties.isScheduledForDeferredDelete);
  await ended((o) => backup.protectedItems.createOrUpdate(...on, item({ policyId: "", protectionState: "ProtectionStopped", isRehydrate: true }), o));
  assert.equal((await backup.protectedItems.get(...on)).properties.protectionState, "ProtectionStopped");
  const error = await refused(() => vaults.vaults.beginDeleteAndWait(GROUP, VAULT), 400, "ServiceResourceNotEmptyWithBackendMessage");
  assert.match(error.message, /salesdb|sqlvm1/);
});
await step("guards, deleted containers, summaries, encryption, security PIN", async () => {
  assert.deepEqual(await all(backup.resourceGuardProxies.listGet ? backup.resourceGuardProxies.listGet(VAULT, GROUP) : backup.resourceGuardProxies.list(VAULT, GROUP)), []);
  assert.deepEqual(await all(backup.deletedProtectionContainers.list(GROUP, VAULT, { filter: WORKLOAD })), []);
  assert.ok((await all(backup.backupUsageSummaries.list(VAULT, GROUP, { filter: "type eq 'BackupProtectedItemCountSummary'" }))).length > 0);
  assert.equal((await backup.backupResourceEncryptionConfigs.get(VAULT, GROUP)).properties.encryptionAtRestType, "MicrosoftManaged");
  assert.ok((await backup.securityPINs.get(VAULT, GROUP)).securityPIN);
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
