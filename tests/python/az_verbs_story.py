"""The verbs of `az backup` for SQL workloads that the other stories leave out, and those that may go wrong in a way of their own; by the
CLI 2.91, and by 2.90 where that asks in another way. Role assignments and definitions by `az role`.
"""
import json
import os
import time

from azcli import Az, told
from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, Server, Vault, container, item, vm_id

C, I = container("sqlvm1"), item("salesdb")
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]
NAMED = ["-g", GROUP, "-n", "verbs"]
ON = ["-g", GROUP, "--vault-name", "verbs"]
AT = [*ON, "--container-name", C, "--item-name", I]
SEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed.yaml")
READER = "Backup Reader"


def roles(story, server, az):
    scope = f"/subscriptions/{SUB}/resourceGroups/{GROUP}"
    with story.step("role definition list: the built-in roles, one by its name"):
        names = {r["roleName"] for r in az("role", "definition", "list")}
        assert {"Owner", "Contributor", "Reader", "Backup Contributor", "Backup Operator", READER} <= names, names
        [one] = az("role", "definition", "list", "-n", READER)
        assert "Microsoft.RecoveryServices/Vaults/read" in json.dumps(one["permissions"]), one
        equal(az("role", "definition", "show", "--id", one["id"])["roleName"], READER, "role")
        equal(az("role", "definition", "list", "-n", "No Such Role"), [], "roles")
    listed = ["role", "assignment", "list", "--fill-principal-name", "false"]
    with story.step("role assignment list: those of the seed, with the object ids of their principals"):
        seeded = az(*listed, "--all")
        stranger = next(a for a in az(*listed, "--scope", f"/subscriptions/{SUB}") if a["roleDefinitionName"] == READER)
        who = stranger["principalId"]
        assert len(seeded) >= 4 and all(a["principalType"] == "ServicePrincipal" for a in seeded), seeded
    whom = ["--assignee-object-id", who]
    give = ["role", "assignment", "create", *whom, "--assignee-principal-type", "ServicePrincipal", "--role"]
    reader = Az(server, "reader")
    with story.step("a reader may not back up; as Backup Operator of the group it may; the grant is listed and taken back"):
        reader.sign_in(server.base, "reader", "reader-secret")
        assert "AuthorizationFailed" in reader("backup", "protection", "backup-now", *AT, *WL, "--backup-type", "Full", rc=None)
        made = az(*give, "Backup Operator", "--scope", scope)
        equal((made["principalId"], made["scope"].lower()), (who, scope.lower()), "assignment")
        equal([a["name"] for a in az(*listed, "-g", GROUP, *whom)], [made["name"]], "assignments of the group")
        equal(az(*give, "Backup Operator", "--scope", scope)["name"], made["name"], "the same again")
        ended = reader("backup", "protection", "backup-now", *AT, *WL, "--backup-type", "Full")
        server.job(Vault(server, "verbs").path, ended["name"])
        az("role", "assignment", "delete", "--ids", made["id"])
        equal(az(*listed, "-g", GROUP, *whom), [], "assignments of the group")
        assert "AuthorizationFailed" in reader("backup", "protection", "backup-now", *AT, *WL, "--backup-type", "Full", rc=None)
    with story.step("at the vault and at the subscription; a role, a principal and a scope that are none are refused"):
        vault = Vault(server, "verbs").path
        for where in (vault, f"/subscriptions/{SUB}"):
            az(*give, "Backup Contributor", "--scope", where)
            equal([a["roleDefinitionName"] for a in az(*listed, "--scope", where, *whom, "--role", "Backup Contributor")], ["Backup Contributor"], where)
            az("role", "assignment", "delete", *whom, "--role", "Backup Contributor", "--scope", where, "--yes")
        az(*give, "No Such Role", "--scope", scope, rc=None)
        nobody = ["role", "assignment", "create", "--assignee-object-id", "11111111-2222-3333-4444-555555555555", "--assignee-principal-type", "ServicePrincipal"]
        assert "PrincipalNotFound" in az(*nobody, "--role", READER, "--scope", scope, rc=None)


def vault(story, az):
    props = ["backup", "vault", "backup-properties"]
    with story.step("backup-properties set: redundancy, cross-region restore, enhanced security, alerts"):
        az(*props, "set", *NAMED, "--backup-storage-redundancy", "ZoneRedundant")
        az(*props, "set", *NAMED, "--backup-storage-redundancy", "GeoRedundant", "--cross-region-restore-flag", "True")
        shown = {p["name"].lower(): p["properties"] for p in az(*props, "show", *NAMED)}
        storage = shown["vaultstorageconfig"]
        equal((storage["storageModelType"], storage["crossRegionRestoreFlag"]), ("GeoRedundant", True), "storage")
        az(*props, "set", *NAMED, "--hybrid-backup-security-features", "Enable")
        az(*props, "set", *NAMED, "--classic-alerts", "Disable", "--job-failure-alerts", "Enable")
        alerts = az("backup", "vault", "show", *NAMED)["properties"]["monitoringSettings"]
        equal(alerts["azureMonitorAlertSettings"]["alertsForAllJobFailures"], "Enabled", "alerts")
        equal(alerts["classicAlertSettings"]["alertsForCriticalOperations"], "Disabled", "alerts")
    with story.step("backup-properties set: soft delete for good, its days; what is outside 14 to 180 is not sent"):
        # The CLI itself drops what it takes for wrong, and sends the rest.
        equal(az(*props, "set", *NAMED, "--soft-delete-duration", "5")["properties"]["softDeleteRetentionPeriodInDays"], 14, "days")
        kept = az(*props, "set", *NAMED, "--soft-delete-duration", "21", "--soft-delete-feature-state", "Disable")["properties"]
        equal((kept["softDeleteRetentionPeriodInDays"], kept["softDeleteFeatureState"].lower()), (21, "alwayson"), "soft delete")
    with story.step("vault update: tags, immutability, public access"):
        az("backup", "vault", "update", *NAMED, "--tags", "team=db", "--immutability-state", "Unlocked", "--public-network-access", "Enable")
        shown = az("backup", "vault", "show", *NAMED)
        equal((shown["tags"], shown["properties"]["securitySettings"]["immutabilitySettings"]["state"]), ({"team": "db"}, "Unlocked"), "vault")
        az("backup", "vault", "update", *NAMED, "--immutability-state", "Disabled")


def servers(story, server, az):
    with story.step("container register twice, list, show of an unknown one, re-register of an unknown one"):
        az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("sqlvm1"))
        said = az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("sqlvm1"), rc=None)
        assert "already registered" in said, said
        equal(az("backup", "container", "list", *ON, *WL)[0]["properties"]["friendlyName"], "sqlvm1", "container")
        equal(az("backup", "container", "show", *ON, *WL, "-n", "nosuchvm"), None, "nothing")
        equal(az("backup", "container", "show", *ON, *WL, "-n", C)["name"], C, "by its native name")
        az("backup", "container", "re-register", *ON, *WL, *MS, "--container-name", container("nosuchvm"), "--yes", rc=None)
    with story.step("a server that is off is not registered: the fault with its code"):
        spec = {"resourceGroup": GROUP, "location": LOCATION, "state": "stopped", "instances": [{"name": "MSSQLSERVER", "databases": [{"name": "d"}]}]}
        server.emulator_call("PUT", "/servers/offvm", spec)
        said = az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("offvm"), rc=None)
        assert "VMNotInRunningStateUserError" in said or "running" in said.lower(), said
    with story.step("protectable-item initialize, list of a type, show of an unknown one"):
        az("backup", "protectable-item", "initialize", *ON, *MS, "--container-name", C)
        listed = az("backup", "protectable-item", "list", *ON, *MS, "--protectable-item-type", "SQLInstance", "--server-name", "sqlvm1")
        equal([r["properties"]["friendlyName"] for r in listed], ["MSSQLSERVER"], "instances")
        equal(az("backup", "protectable-item", "show", *ON, *MS, "--name", "nosuchdb", "--server-name", "sqlvm1", "--protectable-item-type", "SQLDataBase"), None, "nothing")
    enable = ["backup", "protection", "enable-for-azurewl", *ON, *MS, "--protectable-item-type", "SQLDataBase", "--server-name", "sqlvm1"]
    with story.step("enable: an unknown policy, an unknown database; then it works"):
        assert "BMSUserErrorPolicyNotFound" in az(*enable, "--policy-name", "nosuchpolicy", "--protectable-item-name", "salesdb", rc=None)
        az(*enable, "--policy-name", "HourlyLogBackup", "--protectable-item-name", "nosuchdb", rc=None)
        az(*enable, "--policy-name", "HourlyLogBackup", "--protectable-item-name", "salesdb")
    with story.step("check-vm, by name and by id: the vault that the machine is in, or nothing"):
        vault = Vault(server, "verbs").path
        equal(az("backup", "protection", "check-vm", "--vm", "sqlvm1", "-g", GROUP, out="tsv").strip().lower(), vault.lower(), "vault")
        equal(az("backup", "protection", "check-vm", "--vm", vm_id("sqlvm2"), out="tsv").strip(), "", "nothing")
        az("backup", "protection", "check-vm", "--vm", "nosuchvm", "-g", GROUP, rc=None)


def policies(story, server, az):
    path = os.path.join(server.home, "policy.json")

    def state():
        return az("backup", "item", "show", *ON, *WL, "--container-name", C, "--name", I)["properties"]["extendedInfo"]["policyState"]

    with story.step("policy get-default-for-vm, show of an unknown one, create of one that is wrong"):
        equal(az("backup", "policy", "get-default-for-vm", *ON)["name"], "DefaultPolicy", "policy")
        az("backup", "policy", "show", *ON, "-n", "nosuch", rc=None)
        policy = az("backup", "policy", "show", *ON, "-n", "HourlyLogBackup")
        policy["properties"]["subProtectionPolicy"][1]["schedulePolicy"]["scheduleFrequencyInMins"] = 7
        with open(path, "w") as f:
            json.dump(policy, f)
        assert "scheduleFrequencyInMins" in az("backup", "policy", "create", *ON, "-n", "wrong", "--policy", path, *WL, *MS, rc=None)
    with story.step("policy list-associated-items, of one with items and of one without"):
        listed = ["backup", "policy", "list-associated-items", *ON, *WL, "-n"]
        equal([i["name"].lower() for i in az(*listed, "HourlyLogBackup")], [I.lower()], "items")
        equal(az(*listed, "DefaultPolicy"), [], "items")
    with story.step("a policy that is set while the server is off leaves its item Inconsistent; --fix-for-inconsistent-items mends it"):
        policy["properties"]["subProtectionPolicy"][1]["schedulePolicy"]["scheduleFrequencyInMins"] = 30
        policy["properties"]["subProtectionPolicy"][0]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = 44
        with open(path, "w") as f:
            json.dump(policy, f)
        spec = server.emulator_call("GET", "/servers/sqlvm1")
        server.emulator_call("PUT", "/servers/sqlvm1", {**spec, "state": "stopped"})
        az("backup", "policy", "set", *ON, "-n", "HourlyLogBackup", "--policy", path, *WL)
        until(lambda: state() == "Inconsistent", "the item's state", 20)
        server.emulator_call("PUT", "/servers/sqlvm1", {**spec, "state": "running"})
        az("backup", "policy", "set", *ON, "-n", "HourlyLogBackup", "--fix-for-inconsistent-items", "true", *WL)
        until(lambda: state() == "Consistent", "the item's state", 20)


def backups(story, server, az):
    vault, point = Vault(server, "verbs"), None
    with story.step("backup-now: an unknown item; then a full, waited for"):
        az("backup", "protection", "backup-now", *ON, *WL, "--container-name", C, "--item-name", item("nosuchdb"), "--backup-type", "Full", rc=None)
        job = az("backup", "protection", "backup-now", *AT, *WL, "--backup-type", "Full", "--retain-until", "01-02-2099")
        server.job(vault.path, job["name"])
        az("backup", "job", "wait", *ON, "-n", job["name"])
        equal(az("backup", "job", "show", *ON, "-n", job["name"])["properties"]["status"], "Completed", "job")
        az("backup", "job", "show", *ON, "-n", "00000000-0000-0000-0000-000000000000", rc=None)
    with story.step("recoverypoint show, list of a range of days, of an unknown point"):
        [point] = [p["name"] for p in az("backup", "recoverypoint", "list", *AT, *WL) if p["name"].isdigit()]
        equal(az("backup", "recoverypoint", "show", *AT, *WL, "-n", point)["properties"]["type"], "Full", "point")
        az("backup", "recoverypoint", "show", *AT, *WL, "-n", "123456789012345", rc=None)
        equal([p["name"] for p in az("backup", "recoverypoint", "list", *AT, *WL, "--start-date", "01-01-2020", "--end-date", "02-01-2020") if p["name"].isdigit()], [], "points of another year")
        assert "UserErrorRecoveryPointNotReadyForMove" in az("backup", "recoverypoint", "move", *AT, *WL, "-n", point, "--source-tier", "VaultStandard",
                                                              "--destination-tier", "VaultArchive", rc=None)
    return point


def restores(story, server, az, point):
    vault = Vault(server, "verbs")

    def played(*words, rc=0):
        config = az("backup", "recoveryconfig", "show", *AT, *MS, *words)
        path = os.path.join(server.home, f"config{az.version}.json")
        with open(path, "w") as f:
            json.dump(config, f)
        done = az("backup", "restore", "restore-azurewl", *ON, "--recovery-config", path, rc=rc)
        return done if rc != 0 else server.job(vault.path, done["name"])["properties"]

    files = ["--restore-mode", "RestoreAsFiles", "--rp-name", point, "--filepath"]
    with story.step(f"{az.version}: restore as files: the database's backup in the folder; without a folder it is refused"):
        equal(played(*files, f"/drop{az.version}", "--target-container-name", C)["status"], "Completed", "job")
        played(*files[:-1], "--target-container-name", C, rc=None)
    other = ["--restore-mode", "AlternateWorkloadRestore", "--rp-name", point, "--target-server-type", "SQLInstance", "--target-server-name", "sqlvm1", "--target-item-name"]
    with story.step(f"{az.version}: restore to another name, over the original, of a point that is none"):
        equal(played(*other, f"copy{az.version[-2:]}")["status"], "Completed", "job")
        equal(played("--restore-mode", "OriginalWorkloadRestore", "--rp-name", point)["status"], "Completed", "job")
        assert "123456789012345" in az("backup", "recoveryconfig", "show", *AT, *MS, *[w.replace(point, "123456789012345") for w in other], "copy", rc=None)


def intents(story, az):
    target = [*ON, *MS, "--protectable-item-name", "MSSQLSERVER", "--protectable-item-type", "SQLInstance", "--server-name", "sqlvm1"]
    with story.step(f"{az.version}: auto-enable with an unknown policy and with one; auto-disable; a second time there is none"):
        az("backup", "protection", "auto-enable-for-azurewl", *target, "--policy-name", "nosuch", rc=None)
        equal(az("backup", "protection", "auto-enable-for-azurewl", *target, "--policy-name", "HourlyLogBackup"), {"status": True}, "answer")
        equal(az("backup", "protection", "auto-disable-for-azurewl", *target), {"status": True}, "answer")
        az("backup", "protection", "auto-disable-for-azurewl", *target, rc=None)


def guards(story, server, az):
    guard = f"/subscriptions/{SUB}/resourceGroups/{GROUP}/providers/Microsoft.DataProtection/resourceGuards/keeper"
    mapping = ["backup", "vault", "resource-guard-mapping"]
    with story.step(f"{az.version}: resource-guard-mapping: of a guard that is none, update, show, delete"):
        az(*mapping, "update", *NAMED, "--resource-guard-id", guard + "none", rc=None)
        server.arm("PUT", guard, {"location": LOCATION}, want=(200, 201))
        az(*mapping, "update", *NAMED, "--resource-guard-id", guard)
        equal(az(*mapping, "show", *NAMED)["properties"]["resourceGuardResourceId"].lower(), guard.lower(), "guard")
        az(*mapping, "delete", *NAMED, "--yes")
        az(*mapping, "show", *NAMED, rc=None)


def ends(story, server, az):
    disable = ["backup", "protection", "disable", *AT, *WL, *MS, "--yes"]
    show = ["backup", "item", "show", *ON, *WL, "--container-name", C, "--name", I]
    with story.step(f"{az.version}: suspended it is only in an immutable vault; stopped, resumed; with an unknown policy it is not resumed"):
        assert "BMSUserErrorBackupsSuspendedNeedsImmutableVault" in az(*disable, "--retain-recovery-points-as-per-policy", "true", rc=None)
        az(*disable)
        equal(az(*show)["properties"]["protectionState"], "ProtectionStopped", "item")
        az("backup", "protection", "resume", *AT, "--policy-name", "HourlyLogBackup")
        az("backup", "protection", "resume", *AT, "--policy-name", "nosuch", rc=None)
    with story.step(f"{az.version}: deleted and undeleted; undeleted again it is refused"):
        az(*disable, "--delete-backup-data", "true")
        az("backup", "protection", "undelete", *AT, *WL, *MS)
        equal(az(*show)["properties"]["protectionState"], "ProtectionStopped", "item")
        az("backup", "protection", "undelete", *AT, *WL, *MS, rc=None)
        az("backup", "protection", "resume", *AT, "--policy-name", "HourlyLogBackup")


def moved(story, server, az):
    with story.step("reconfigure to another vault: the item stops in its own vault, whose points keep the server there; the next one is refused it"):
        Vault(server, "next").create()
        said = az("backup", "protection", "reconfigure", *AT, *WL, *MS, "--new-vault-name", "next", "--new-vault-resource-group", GROUP,
                  "--new-policy-name", "HourlyLogBackup", rc=None)
        print("  " + said.strip().splitlines()[-1])
        shown = az("backup", "item", "show", *ON, *WL, "--container-name", C, "--name", I)["properties"]
        equal(shown["protectionState"], "ProtectionStopped", "item")


def main():
    with telling() as story, Server("--seed", SEED) as server:
        began = time.monotonic()
        with story.step("a vault, and both versions of the CLI signed in"):
            az, old = (Az(server, old=old).sign_in(server.base) for old in (False, True))
            # `az role` makes a client of the Graph, which it then has nothing to ask.
            az("cloud", "update", "-n", "Vault", "--endpoint-microsoft-graph-resource-id", server.base)
            az("backup", "vault", "create", *NAMED, "-l", LOCATION)
        vault(story, az)
        servers(story, server, az)
        policies(story, server, az)
        point = backups(story, server, az)
        roles(story, server, az)
        for client in (az, old):
            restores(story, server, client, point)
            intents(story, client)
            guards(story, server, client)
            ends(story, server, client)
        moved(story, server, az)
        told()
        print(f"in {time.monotonic() - began:.0f} s")
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
