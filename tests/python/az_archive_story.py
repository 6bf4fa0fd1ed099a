"""The archive tier, jobs and their export by the unmodified Azure CLI and the Python SDK, over virtual weeks: which points may move, the
move, a restore that brings a point back first, a copy that expires, and what each job shows on the way.
"""
import csv
import io
import json
import os
import subprocess

from sdkclients import clients, kept
from story import equal, telling, until
from vault import GROUP, LOCATION, TENANT, Server, Vault, container, item

AZ = os.environ["RSVAULT_AZ"]
VM, DB = "archivevm", "ledger"
C, I = container(VM), item(DB)
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]
HOUR, DAY = 3600, 86400


class World:
    """A database with one full that is kept for years; its protection is stopped, so that time passes without backups."""

    def __init__(self, server):
        self.server, self.vault = server, Vault(server, "archive")
        database = {"name": DB, "sizeMiB": 2}
        server.emulator_call("PUT", f"/servers/{VM}", {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [database]}]})
        self.vault.create()
        self.vault.register(VM)
        self.vault.protect(DB, VM)
        home = os.path.join(server.home, "az")
        os.makedirs(home)
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "PYTHON"))},
            "AZURE_CONFIG_DIR": home, "HOME": home, "REQUESTS_CA_BUNDLE": server.ca, "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "1", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", "AZURE_CORE_NO_COLOR": "1",
        }
        self.az("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", server.base)
        self.az("cloud", "set", "-n", "Vault")
        self.az("login", "--service-principal", "-u", "rsvault", "-p", "rsvault", "--tenant", TENANT)
        self.on = ["-g", GROUP, "--vault-name", self.vault.name]
        self.at = [*self.on, "--container-name", C, "--item-name", I]
        server.emulator_call("PUT", "/clock", {"frozen": True})

    def az(self, *words, rc=0):
        done = subprocess.run([AZ, *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def advance(self, seconds):
        return self.server.emulator_call("POST", "/clock/advance", {"by": seconds}, timeout=300)

    def backup(self):
        """The SDK's client; tokens live an hour of the server's time, so each use has its own."""
        self.server.tokens.clear()
        return clients(self.server, None, self.server.token())[1]

    def listed(self, *words):
        return [p["name"] for p in self.az("backup", "recoverypoint", "list", *self.at, *WL, *words)]

    def point(self):
        return self.az("backup", "recoverypoint", "show", *self.at, *WL, "-n", self.full)["properties"]

    def tier(self):
        return [(t["type"], t["status"]) for t in self.point()["recoveryPointTierDetails"]]

    def move(self, rc=0):
        return self.az("backup", "recoverypoint", "move", *self.at, *WL, "-n", self.full, "--source-tier", "VaultStandard", "--destination-tier", "VaultArchive", rc=rc)

    def config(self):
        where = ["--restore-mode", "AlternateWorkloadRestore", "--rp-name", self.full, "--target-item-name", "back", "--target-server-type", "SQLInstance", "--target-server-name", VM]
        shown = self.az("backup", "recoveryconfig", "show", *self.at, *MS, *where)
        path = os.path.join(self.server.home, "recovery.json")
        with open(path, "w") as f:
            json.dump(shown, f)
        return ["backup", "restore", "restore-azurewl", *self.on, "--recovery-config", path]

    def job(self, name):
        return self.az("backup", "job", "show", *self.on, "-n", name)["properties"]


def tasks(job):
    return [(t["taskId"], t["status"]) for t in job["extendedInfo"]["tasksList"]]


def sign_in(world):
    world.az("login", "--service-principal", "-u", "rsvault", "-p", "rsvault", "--tenant", TENANT)


def young(story, world):
    with story.step("a full that is minutes old is no candidate, and its move is refused with the day from which it may"):
        world.server.tokens.clear()
        job = world.az("backup", "protection", "backup-now", *world.at, *WL, *MS, "--backup-type", "Full", "--retain-until", "01-01-2036")
        world.server.job(world.vault.path, job["name"])
        world.full = [n for n in world.listed() if n.isdigit()][0]
        equal(world.listed("--tier", "VaultStandard"), [world.full], "standard tier")
        equal(world.listed("--is-ready-for-move", "true", "--target-tier", "VaultArchive"), [], "ready")
        said = world.move(rc=1)
        assert "UserErrorRecoveryPointNotReadyForMove" in said and "45 days" in said, said
    with story.step("protection disable keeps the point"):
        world.az("backup", "protection", "disable", *world.at, *WL, "--yes")


def moved(story, world):
    with story.step("46 days later it is ready; recoverypoint move starts a job of its own kind, under the operation's id"):
        world.advance(46 * DAY)
        sign_in(world)
        equal(world.listed("--is-ready-for-move", "true", "--target-tier", "VaultArchive"), [world.full], "ready")
        job = world.move()
        of = job["properties"]
        equal((of["operation"], of["status"], of["entityFriendlyName"]), ("MoveRecoveryPoint", "InProgress", f"{DB} [{VM}]"), "job")
        assert "Recovery Point Time" in of["extendedInfo"]["propertyBag"], of
        equal(world.az("backup", "job", "list", *world.on, "--operation", "Backup", "--status", "InProgress"), [], "no backup runs")
        fired = world.advance(60)
        equal(world.job(job["name"])["status"], "Completed", "job")
        assert any(e["kind"] == "archive" for e in fired["fired"]), fired["fired"]
        equal(world.tier(), [("ArchivedRP", "Valid")], "tier")
    with story.step("recoverypoint list finds it by its tier; nothing is ready any more"):
        equal(world.listed("--tier", "VaultArchive"), [world.full], "archive tier")
        equal(world.listed("--tier", "VaultStandard"), [], "standard tier")
        equal(world.listed("--is-ready-for-move", "true", "--target-tier", "VaultArchive"), [], "ready")
        assert "UserErrorRecoveryPointNotReadyForMove" in world.move(rc=1)


def restored(story, world):
    restore = world.config()
    with story.step("a plain restore of it is refused: by the CLI itself, and by the vault with the request that works"):
        assert "archive" in world.az(*restore, rc=1).lower()
        properties = {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "targetInfo": {"databaseName": "MSSQLSERVER/back"}}
        world.server.tokens.clear()
        refused = world.server.arm("POST", f"{world.vault.item_path(DB, VM)}/recoveryPoints/{world.full}/restore", {"properties": properties}, want=400).json()["error"]
        equal((refused["code"], refused["target"]), ("UserErrorRecoveryPointInArchiveTier", "properties.objectType"), "refusal")
        assert "AzureWorkloadSQLRestoreWithRehydrateRequest" in refused["message"], refused
    with story.step("restore with rehydration: a job with two tasks; job stop ends it while it rehydrates, and the point stays archived"):
        job = world.az(*restore, "--rehydration-priority", "Standard", "--rehydration-duration", "10")
        equal(job["properties"]["operation"], "RestoreWithRehydrate", "job")
        equal(tasks(job["properties"]), [("Rehydrate from Archive storage", "InProgress")], "tasks")
        world.az("backup", "job", "stop", *world.on, "-n", job["name"])
        equal(world.job(job["name"])["status"], "Cancelled", "job")
        equal(world.tier(), [("ArchivedRP", "Valid")], "tier")
    with story.step("at High it takes an hour; then the data moves, and the copy stays for the days that were asked for"):
        job = world.az(*restore, "--rehydration-priority", "High", "--rehydration-duration", "10")
        world.advance(HOUR)
        sign_in(world)
        world.server.job(world.vault.path, job["name"])
        world.az("backup", "job", "wait", *world.on, "-n", job["name"])
        ended = world.job(job["name"])
        equal(ended["status"], "Completed", f"job: {ended.get('errorDetails')}")
        equal(tasks(ended), [("Rehydrate from Archive storage", "Completed"), ("Transfer data from vault", "Completed")], "tasks")
        bag = ended["extendedInfo"]["propertyBag"]
        equal((bag["Rehydration Priority"], bag["Job Type"]), ("High", "Recovery to an alternate database"), "properties")
        equal(world.server.checksum(VM, "back"), world.server.checksum(VM, DB), "what was restored")
        equal(world.tier(), [("ArchivedRP", "Rehydrated")], "tier")
        equal(world.listed("--tier", "VaultStandardRehydrated"), [world.full], "rehydrated")
        assert world.point()["recoveryPointTierDetails"][0]["extendedInfo"]["RehydratedRPExpiryTime"]
    with story.step("the copy restores plainly, and is gone after ten days"):
        again = world.az(*restore)
        equal(world.server.job(world.vault.path, again["name"])["properties"]["operation"], "Restore (Full)", "job")
        fired = world.advance(10 * DAY)
        assert any(e["kind"] == "archive" and "expired" in e["text"] for e in fired["fired"]), [e for e in fired["fired"] if e["kind"] == "archive"]
        sign_in(world)
        equal(world.tier(), [("ArchivedRP", "Valid")], "tier")


def jobs(story, world):
    with story.step("job list: by operation and status, newest first; a page says no extendedInfo"):
        listed = world.az("backup", "job", "list", *world.on)
        starts = [j["properties"]["startTime"] for j in listed]
        equal(starts, sorted(starts, reverse=True), "order")
        kinds = {j["properties"]["operation"] for j in listed}
        assert {"Register", "ConfigureBackup", "Backup (Full)", "DisableBackup", "MoveRecoveryPoint", "RestoreWithRehydrate", "Restore (Full)"} <= kinds, kinds
        backups = world.az("backup", "job", "list", *world.on, "--operation", "Backup", "--status", "Completed")
        equal([j["properties"]["operation"] for j in backups], ["Backup (Full)"], "backups")
        assert "extendedInfo" not in backups[0]["properties"] or backups[0]["properties"]["extendedInfo"] is None, backups
        done = next(j for j in listed if j["properties"]["operation"] == "ConfigureBackup")
        assert "UserErrorJobNotCancellable" in world.az("backup", "job", "stop", *world.on, "-n", done["name"], rc=1)
    with story.step("jobs.export by the SDK: a URL with a key, good for an hour, gives the jobs of the filter"):
        backup = world.backup()
        status, headers = backup.jobs.export(world.vault.name, GROUP, filter="operation eq 'RestoreWithRehydrate'", cls=kept)
        operation = headers["location"].split("?")[0].rsplit("/", 1)[1]
        equal(status, 202, "status")
        info = backup.export_jobs_operation_results.get(world.vault.name, GROUP, operation).operation
        equal(info.object_type, "ExportJobsOperationResultInfo", "result")
        got = world.server.call("GET", info.blob_url + info.blob_sas_key, token=False)
        equal(sorted(j["properties"]["status"] for j in got.json()["value"]), ["Cancelled", "Completed"], "jobs")
        rows = list(csv.DictReader(io.StringIO(world.server.call("GET", info.excel_file_blob_url + info.excel_file_blob_sas_key, token=False).text)))
        equal(sorted(r["Status"] for r in rows), ["Cancelled", "Completed"], "rows")
        equal(world.server.call("GET", info.blob_url, token=False).status_code, 403, "without its key")
        world.advance(HOUR)
        equal(world.server.call("GET", info.blob_url + info.blob_sas_key, token=False).status_code, 403, "after the hour")
    with story.step("180 days after their end jobs are forgotten"):
        world.advance(181 * DAY)
        sign_in(world)
        until(lambda: world.az("backup", "job", "list", *world.on) == [], "an empty history", 20)


def main():
    with telling() as story, Server() as server:
        world = World(server)
        young(story, world)
        moved(story, world)
        restored(story, world)
        jobs(story, world)


main()
