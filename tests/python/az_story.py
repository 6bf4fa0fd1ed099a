"""The unmodified Azure CLI plays the SQL story against `rsvault serve --emulator`: sign-in to vault delete.

Every step asserts on what the command says, not only on its exit code, and on what the simulated servers hold.
    az_story.py [--postgres] [--az290]     the catalogue in SQLite or in PostgreSQL; by the CLI 2.91 or 2.90
"""
import json
import os
import sys
import time
from datetime import datetime, timedelta

from azcli import Az, told
from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, TENANT, Server, Vault, container, item, new_database, vm_id

OLD = "--az290" in sys.argv
VAULT, RG = "vault1", "rg-az"
C, I = container("sqlvm1"), item("salesdb")
ON = ["-g", RG, "--vault-name", VAULT]
WL = ["--backup-management-type", "AzureWorkload"]
MS = ["--workload-type", "MSSQL"]
AT = [*ON, "--container-name", C, "--item-name", I]


def sign_in(story, server):
    base = server.base
    secret = ["--service-principal", "-u", "rsvault", "-p", "rsvault", "--tenant", TENANT]

    az = Az(server, "adfs", OLD)
    with story.step("sign in, ADFS-style authority"):
        az("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", base, "--endpoint-active-directory", base + "/adfs",
           "--endpoint-active-directory-resource-id", base, "--skip-endpoint-discovery")
        az("cloud", "set", "-n", "Vault")
        accounts = az("login", *secret)
        equal([(a["id"], a["state"], a["tenantId"]) for a in accounts], [(SUB, "Enabled", TENANT)], "subscriptions")
        equal(az("account", "show")["user"], {"name": "rsvault", "type": "servicePrincipal"}, "user")
    with story.step("sign in with one flag, by the metadata endpoint"):
        one = Az(server, "metadata", OLD)
        one("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", base)
        one("cloud", "set", "-n", "Vault")
        equal(one("login", *secret)[0]["id"], SUB, "subscription")
        equal([g["name"] for g in one("group", "list")], [GROUP], "groups of the seed")
    with story.step("sign in, Entra-style authority without instance discovery"):
        aad = Az(server, "aad", OLD)
        aad.env["AZURE_CORE_INSTANCE_DISCOVERY"] = "false"
        aad("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", base, "--endpoint-active-directory", base,
            "--endpoint-active-directory-resource-id", base, "--skip-endpoint-discovery")
        aad("cloud", "set", "-n", "Vault")
        equal(aad("login", *secret)[0]["id"], SUB, "subscription")
    with story.step("a wrong secret is refused, with the reason"):
        wrong = Az(server, "wrong", OLD)
        wrong("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", base)
        wrong("cloud", "set", "-n", "Vault")
        said = wrong("login", "--service-principal", "-u", "rsvault", "-p", "not-it", "--tenant", TENANT, rc=1)
        assert "secret" in said.lower() or "invalid_client" in said.lower(), said
    return az


def groups_and_vaults(story, az):
    with story.step("resource group: create, show, list, exists"):
        equal(az("group", "create", "-n", RG, "-l", LOCATION)["properties"]["provisioningState"], "Succeeded", "state")
        equal(az("group", "show", "-n", RG.upper())["name"], RG, "stored casing")
        equal(sorted(g["name"] for g in az("group", "list")), sorted([GROUP, RG]), "groups")
        equal(az("group", "exists", "-n", "no-such"), False, "exists")
    with story.step("a vault that is not there: 404"):
        assert "ResourceNotFound" in az("backup", "vault", "show", "-g", RG, "-n", VAULT, rc=3)
    with story.step("vault create, show, list"):
        made = az("backup", "vault", "create", "-g", RG, "-n", VAULT, "-l", LOCATION)
        equal((made["name"], made["location"], made["sku"]["name"]), (VAULT, LOCATION, "Standard"), "vault")
        shown = az("backup", "vault", "show", "-g", RG, "-n", VAULT.upper())
        equal((shown["name"], shown["properties"]["provisioningState"]), (VAULT, "Succeeded"), "vault")
        equal(shown["properties"]["securitySettings"]["softDeleteSettings"]["softDeleteState"].lower(), "alwayson", "soft delete as sent")
        equal([v["name"] for v in az("backup", "vault", "list", "-g", RG)], [VAULT], "vaults of the group")
        equal([v["name"] for v in az("backup", "vault", "list")], [VAULT], "vaults of the subscription")
    with story.step("vault update"):
        az("backup", "vault", "update", "-g", RG, "-n", VAULT, "--backup-storage-redundancy", "LocallyRedundant")
        shown = az("backup", "vault", "show", "-g", RG, "-n", VAULT)["properties"]
        equal(shown["redundancySettings"]["standardTierStorageRedundancy"], "LocallyRedundant", "redundancy")
    with story.step("backup-properties show and set"):
        shown = az("backup", "vault", "backup-properties", "show", "-g", RG, "-n", VAULT)
        equal(len(shown), 2, "config and storage config")
        config = next(c for c in shown if c["name"].lower() == "vaultconfig")["properties"]
        equal(config["softDeleteRetentionPeriodInDays"], 14, "days")
        az("backup", "vault", "backup-properties", "set", "-g", RG, "-n", VAULT, "--soft-delete-duration", "20")
        shown = az("backup", "vault", "backup-properties", "show", "-g", RG, "-n", VAULT)
        config = next(c for c in shown if c["name"].lower() == "vaultconfig")["properties"]
        equal(config["softDeleteRetentionPeriodInDays"], 20, "days")


def policies(story, az, server):
    with story.step("policies: the three defaults, show, create, set, delete"):
        names = [p["name"] for p in az("backup", "policy", "list", *ON)]
        equal(sorted(names), ["DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"], "defaults")
        hourly = az("backup", "policy", "show", *ON, "-n", "HourlyLogBackup")
        equal([s["policyType"] for s in hourly["properties"]["subProtectionPolicy"]], ["Full", "Log"], "sub-policies")
        equal(hourly["properties"]["workLoadType"], "SQLDataBase", "workload")
        mine = os.path.join(server.home, "policy.json")
        with open(mine, "w") as f:
            json.dump(hourly, f)
        made = az("backup", "policy", "create", *ON, "-n", "mine", "--policy", mine, *WL, *MS)
        equal((made["name"], made["properties"]["protectedItemsCount"]), ("mine", 0), "policy")
        made["properties"]["subProtectionPolicy"][1]["schedulePolicy"]["scheduleFrequencyInMins"] = 30
        with open(mine, "w") as f:
            json.dump(made, f)
        az("backup", "policy", "set", *ON, "-n", "mine", "--policy", mine, *WL)
        shown = az("backup", "policy", "show", *ON, "-n", "mine")["properties"]
        equal(shown["subProtectionPolicy"][1]["schedulePolicy"]["scheduleFrequencyInMins"], 30, "log frequency")
        made["name"] = "other"
        az("backup", "policy", "create", *ON, "-n", "other", "--policy", mine, *WL, *MS)
        az("backup", "policy", "delete", *ON, "-n", "other")
        listed = az("backup", "policy", "list", *ON, *WL, *MS)
        equal(sorted(p["name"] for p in listed), ["HourlyLogBackup", "mine"], "SQL policies")


def containers(story, az):
    with story.step("container register, list, show, re-register"):
        az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("sqlvm1"))
        az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("sqlvm2"))
        listed = az("backup", "container", "list", *ON, *WL)
        equal(sorted(c["name"] for c in listed), [container("sqlvm1"), container("sqlvm2")], "containers")
        equal({c["properties"]["registrationStatus"] for c in listed}, {"Registered"}, "status")
        shown = az("backup", "container", "show", *ON, "-n", "sqlvm1", *WL)
        equal((shown["name"], shown["properties"]["friendlyName"]), (C, "sqlvm1"), "container")
        assert "sqlvm1" in az("backup", "container", "list", *ON, *WL, out="table")
        az("backup", "container", "re-register", *ON, *WL, *MS, "--container-name", C, "--yes")
    with story.step("an unknown machine cannot be registered"):
        said = az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("nosuchvm"), rc=3)
        assert "unavailable" in said.lower(), said
    with story.step("protectable items: list, show, initialize"):
        found = az("backup", "protectable-item", "list", *ON, *MS, "--container-name", C)
        names = sorted(f["name"].lower() for f in found)
        dbs = ["hrdb", "master", "model", "msdb", "salesdb"]
        equal(names, sorted([f"sqldatabase;mssqlserver;{d}" for d in dbs] + ["sqlinstance;mssqlserver"]), "found (tempdb never)")
        shown = az("backup", "protectable-item", "show", *ON, *MS, "--name", "salesdb", "--server-name", "sqlvm1",
                   "--protectable-item-type", "SQLDataBase")
        equal(shown["properties"]["protectionState"], "NotProtected", "state")
        az("backup", "protectable-item", "initialize", *ON, *MS, "--container-name", C)


def protect(story, az):
    with story.step("protection enable-for-azurewl"):
        job = az("backup", "protection", "enable-for-azurewl", *ON, *MS, "--policy-name", "HourlyLogBackup", "--protectable-item-name",
                 "salesdb", "--protectable-item-type", "SQLDataBase", "--server-name", "sqlvm1")
        equal((job["properties"]["operation"], job["properties"]["status"]), ("ConfigureBackup", "Completed"), "job")
        found = az("backup", "protectable-item", "list", *ON, *MS, "--container-name", C)
        assert not any(f["name"].lower().endswith(";salesdb") for f in found), "a protected database is not protectable"
    with story.step("item show and list; nothing backed up yet"):
        shown = az("backup", "item", "show", *ON, "--container-name", C, "--name", I, *WL)["properties"]
        equal((shown["protectionState"], shown["friendlyName"]), ("IRPending", "salesdb"), "item")
        equal(len(az("backup", "item", "list", *ON, *WL)), 1, "items")
        assert "salesdb" in az("backup", "item", "list", *ON, *WL, out="table")
        points = az("backup", "recoverypoint", "list", *AT, *WL)
        equal([p["name"] for p in points], ["DefaultRangeRecoveryPoint"], "points")
    with story.step("a policy in use cannot be deleted"):
        assert "HourlyLogBackup" in az("backup", "policy", "delete", *ON, "-n", "HourlyLogBackup", rc=1)
    with story.step("item set-policy"):
        job = az("backup", "item", "set-policy", *ON, "--container-name", C, "--name", I, "--policy-name", "mine", *WL)
        equal(job["properties"]["status"], "Completed", "job")
        shown = az("backup", "item", "show", *ON, "--container-name", C, "--name", I, *WL)["properties"]
        assert shown["policyId"].endswith("/backupPolicies/mine"), shown["policyId"]
        equal(len(az("backup", "policy", "list-associated-items", *ON, "-n", "mine", *WL)), 1, "items of the policy")


def show_job(az, on, job):
    """2.90's `job show` fails in the client when a job has tasks, and has no other command that shows one job."""
    if not OLD:
        return az("backup", "job", "show", *on, "-n", job["name"])
    return next(j for j in az("backup", "job", "list", *on) if j["name"] == job["name"])


def finished(az, job, want="Completed"):
    """`az backup job wait` sleeps 30 s a round; the story looks more often."""
    shown = until(lambda: (j := show_job(az, ON, job))["properties"]["status"] not in ("InProgress", "Cancelling") and j, "job " + job["name"], seconds=120)
    equal(shown["properties"]["status"], want, f"job {shown['properties'].get('errorDetails')}")
    return shown


def back_up(story, az, server):
    sums = {}
    with story.step("backup-now Full: a job, then a recovery point"):
        server.write("sqlvm1", "salesdb", pages=300, seed=1)
        sums["full"] = server.checksum("sqlvm1", "salesdb")
        job = az("backup", "protection", "backup-now", *AT, *WL, *MS, "--backup-type", "Full", "--retain-until", "01-02-2099", "--enable-compression", "true")
        shown = finished(az, job)["properties"]
        equal((shown["operation"], shown["entityFriendlyName"]), ("Backup (Full)", "salesdb [sqlvm1]"), "job")
        az("backup", "job", "wait", *ON, "-n", job["name"])
        props = az("backup", "item", "show", *ON, "--container-name", C, "--name", I, *WL)["properties"]
        equal((props["protectionState"], props["lastBackupStatus"]), ("Protected", "Healthy"), "item")
    with story.step("backup-now CopyOnlyFull of a changed database"):
        server.write("sqlvm1", "salesdb", pages=50, seed=2)
        sums["copy"] = server.checksum("sqlvm1", "salesdb")
        assert sums["copy"] != sums["full"], "the writer changes nothing"
        finished(az, az("backup", "protection", "backup-now", *AT, *WL, *MS, "--backup-type", "CopyOnlyFull"))
    with story.step("recovery points: list, show, as a table"):
        points = az("backup", "recoverypoint", "list", *AT, *WL)
        equal(points[-1]["name"], "DefaultRangeRecoveryPoint", "the last element")
        times = [p["properties"]["recoveryPointTimeInUtc" if OLD else "recoveryPointTimeInUTC"] for p in points[:-1]]
        equal((len(times), times), (2, sorted(times, reverse=True)), "newest first")
        shown = az("backup", "recoverypoint", "show", *AT, *WL, "--name", points[0]["name"])["properties"]
        assert {p["type"] for p in shown["extendedInfo"]["dataDirectoryPaths"]} == {"Data", "Log"}, shown
        assert points[0]["name"] in az("backup", "recoverypoint", "list", *AT, *WL, out="table")
        sums["points"] = [p["name"] for p in points[:-1]]
    with story.step("backup-now Log: a range, no point of its own; show-log-chain"):
        job = finished(az, az("backup", "protection", "backup-now", *AT, *WL, *MS, "--backup-type", "Log"))
        equal(job["properties"]["operation"], "Backup (Log)", "job")
        equal([p["name"] for p in az("backup", "recoverypoint", "show-log-chain", *AT, *WL)], ["DefaultRangeRecoveryPoint"], "chain")
        equal(len(az("backup", "recoverypoint", "list", *AT, *WL)), 3, "points")
    with story.step("jobs: list, filters, as a table; stop of an ended job is refused"):
        jobs = az("backup", "job", "list", *ON)
        kinds = sorted(j["properties"]["operation"] for j in jobs)
        assert kinds.count("Backup (Full)") == 1 and kinds.count("ConfigureBackup") == 2, kinds
        equal(len(az("backup", "job", "list", *ON, "--operation", "ConfigureBackup")), 2, "filter by operation")
        equal(az("backup", "job", "list", *ON, "--status", "InProgress"), [], "filter by status")
        assert "salesdb" in az("backup", "job", "list", *ON, out="table")
        az("backup", "job", "stop", *ON, "-n", jobs[0]["name"], rc=1)
    with story.step("monitor metrics list: a health event for each backup"):
        vault = az("backup", "vault", "show", "-g", RG, "-n", VAULT)["id"]
        # By the server's clock, which the story has moved: az counts --offset back from this machine's time.
        end = datetime.fromisoformat(server.emulator_call("GET", "/clock")["now"]) + timedelta(minutes=1)
        span = ["--start-time", (end - timedelta(days=1)).isoformat(), "--end-time", end.isoformat()]
        events = ["monitor", "metrics", "list", "--resource", vault, "--metric", "BackupHealthEvent", *span, "--interval", "1d"]
        shown = az(*events)["value"]
        equal([(m["name"]["value"], [v["count"] for v in m["timeseries"][0]["data"]]) for m in shown], [("BackupHealthEvent", [len(sums["points"]) + 1])], "events")
        split = az(*events, "--aggregation", "Count", "--filter", "healthStatus eq '*' and backupInstanceName eq '*'")["value"][0]["timeseries"]
        equal([[d["value"] for d in s["metadatavalues"]] for s in split], [["Healthy", f"{C};salesdb"]], "dimensions")
        assert "Send Count" in az(*events, "--aggregation", "Average", rc=1)
    return sums


def restore(story, az, server, sums):
    def config(*words):
        shown = az("backup", "recoveryconfig", "show", *AT, "--rp-name", sums["points"][1], *words)
        path = os.path.join(server.home, "recovery.json")
        with open(path, "w") as f:
            json.dump(shown, f)
        return shown, path

    def play(path):
        return finished(az, az("backup", "restore", "restore-azurewl", *ON, "--recovery-config", path))["properties"]

    with story.step("restore to another name: the bytes of the backup"):
        shown, path = config("--restore-mode", "AlternateWorkloadRestore", "--target-item-name", "salesdb_copy", "--target-server-type", "SQLInstance",
                             "--target-server-name", "sqlvm1", *MS)
        equal(shown["database_name"], "MSSQLSERVER/salesdb_copy", "target")
        job = play(path)
        equal(job["operation"], "Restore (Full)", "job")
        equal(server.checksum("sqlvm1", "salesdb_copy"), sums["full"], "checksum of the restored database")
        equal(server.checksum("sqlvm1", "salesdb"), sums["copy"], "the source stays as it is")
    with story.step("restore to another server"):
        _, path = config("--restore-mode", "AlternateWorkloadRestore", "--target-item-name", "salesdb_far", "--target-server-type", "SQLInstance",
                         "--target-server-name", "sqlvm2", "--target-container-name", container("sqlvm2"), *MS)
        play(path)
        equal(server.checksum("sqlvm2", "salesdb_far"), sums["full"], "checksum of the restored database")
    with story.step("restore as files"):
        shown, path = config("--restore-mode", "RestoreAsFiles", "--filepath", "/restored", "--target-container-name", C, *MS)
        equal((shown["recovery_mode"], shown["filepath"]), ("FileRecovery", "/restored"), "recovery config")
        equal(play(path)["status"], "Completed", "job")
    with story.step("restore over the original: the bytes of the backup"):
        _, path = config("--restore-mode", "OriginalWorkloadRestore", *MS)
        play(path)
        equal(server.checksum("sqlvm1", "salesdb"), sums["full"], "checksum of the restored database")


def stop(story, az, server):
    show = ["backup", "item", "show", *ON, "--container-name", C, "--name", I, *WL]
    with story.step("protection disable, keeping data; backup-now is then refused"):
        job = az("backup", "protection", "disable", *AT, *WL, *MS, "--yes")
        equal((job["properties"]["operation"], job["properties"]["status"]), ("DisableBackup", "Completed"), "job")
        equal(az(*show)["properties"]["protectionState"], "ProtectionStopped", "item")
        equal(len(az("backup", "recoverypoint", "list", *AT, *WL)), 3, "points are kept")
        az("backup", "protection", "backup-now", *AT, *WL, *MS, "--backup-type", "Full", rc=1)
    with story.step("protection resume"):
        az("backup", "protection", "resume", *AT, *WL, *MS, "--policy-name", "mine")
        equal(az(*show)["properties"]["protectionState"], "Protected", "item")
    with story.step("protection disable, deleting data: soft-deleted"):
        job = az("backup", "protection", "disable", *AT, *WL, *MS, "--delete-backup-data", "true", "--yes")
        equal((job["properties"]["operation"], job["properties"]["status"]), ("DeleteBackupData", "Completed"), "job")
        props = az(*show)["properties"]
        equal(props["isScheduledForDeferredDelete"], True, "soft-deleted")
    with story.step("alerts by rest: the deletion, resolved"):
        url = az("backup", "vault", "show", "-g", RG, "-n", VAULT)["id"] + "/alerts"
        fired = url + "?api-version=2026-11-01&$filter=monitorCondition eq 'Fired'"

        def alerts():
            return [a for a in az("rest", "--method", "get", "--url", fired)["value"] if a["properties"]["essentials"]["alertRule"] == "Delete Backup Data"]
        found = alerts()
        equal([a["properties"]["essentials"]["severity"] for a in found], ["Sev0"], "alerts")
        closed = az("rest", "--method", "post", "--url", f"{url}/{found[0]['name']}/resolve?api-version=2026-11-01")
        equal(closed["properties"]["essentials"]["monitorCondition"], "Resolved", "alert")
        equal(alerts(), [], "alerts that stand")
    with story.step("protection undelete: stopped, with its points"):
        az("backup", "protection", "undelete", *AT, *WL, *MS)
        props = az(*show)["properties"]
        equal((props["protectionState"], props.get("isScheduledForDeferredDelete") or False), ("ProtectionStopped", False), "item")
        equal(len(az("backup", "recoverypoint", "list", *AT, *WL)), 3, "points came back")
    with story.step("a vault with items cannot be deleted"):
        said = az("backup", "vault", "delete", "-g", RG, "-n", VAULT, "--yes", rc=1)
        assert "existing resources within the vault" in said, said
    with story.step("delete again, purge, unregister, vault delete"):
        az("backup", "protection", "disable", *AT, *WL, *MS, "--delete-backup-data", "true", "--yes")
        server.emulator_call("POST", "/purge")
        equal(az("backup", "item", "list", *ON, *WL), [], "items")
        for vm in ("sqlvm1", "sqlvm2"):
            az("backup", "container", "unregister", *ON, *WL, "--container-name", container(vm), "--yes")
        equal(az("backup", "container", "list", *ON, *WL), [], "containers")
        az("backup", "vault", "delete", "-g", RG, "-n", VAULT, "--yes")
        equal(az("backup", "vault", "list", "-g", RG), [], "vaults")


def force(story, az, server):
    with story.step("vault delete --force empties a full vault first"):
        az("backup", "vault", "create", "-g", RG, "-n", VAULT, "-l", LOCATION)
        az("backup", "container", "register", *ON, *WL, *MS, "--resource-id", vm_id("sqlvm1"))
        az("backup", "protection", "enable-for-azurewl", *ON, *MS, "--policy-name", "HourlyLogBackup", "--protectable-item-name", "hrdb",
           "--protectable-item-type", "SQLDataBase", "--server-name", "sqlvm1")
        az("backup", "vault", "delete", "-g", RG, "-n", VAULT, "--yes", "--force")
        until(lambda: az("backup", "vault", "list", "-g", RG) == [], "the vault is gone", 30)
    with story.step("group delete"):
        az("group", "delete", "-n", RG, "--yes")
        equal(az("group", "exists", "-n", RG), False, "exists")


def cancel(story, az, server):
    with story.step("job stop of a running backup: Cancelled, and no recovery point"):
        vault = Vault(server, "long-az")
        c, i = vault.long_backup()
        on = ["-g", GROUP, "--vault-name", vault.name]
        at = [*on, "--container-name", c, "--item-name", i]
        job = az("backup", "protection", "backup-now", *at, *WL, *MS, "--backup-type", "Full", "--enable-compression", "false")
        equal(job["properties"]["status"], "InProgress", "the job when it is stopped")
        az("backup", "job", "stop", *on, "-n", job["name"])
        ended = until(lambda: (j := show_job(az, on, job)["properties"])["status"] not in ("InProgress", "Cancelling") and j, "the cancel", seconds=60)
        equal((ended["status"], ended["errorDetails"][0]["errorTitle"]), ("Cancelled", "UserErrorJobSuccessfullyCancelled"), "the stopped job")
        equal([p["name"] for p in az("backup", "recoverypoint", "list", *at, *WL)], ["DefaultRangeRecoveryPoint"], "points")


def main():
    words = ["--database", new_database()] if "--postgres" in sys.argv else []
    with telling() as story, Server(*words) as server:
        began = time.monotonic()
        az = sign_in(story, server)
        groups_and_vaults(story, az)
        policies(story, az, server)
        containers(story, az)
        protect(story, az)
        sums = back_up(story, az, server)
        if "points" in sums:
            restore(story, az, server, sums)
        stop(story, az, server)
        force(story, az, server)
        cancel(story, az, server)
        with story.step("the server ends on SIGTERM"):
            server.stop()
        told()
        print(f"in {time.monotonic() - began:.0f} s")


main()
