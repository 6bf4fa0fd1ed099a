"""Retention and immutability by the unmodified Azure CLI: what a shorter policy does to what stands, what an immutable vault refuses,
and what stays when backups are suspended, over virtual weeks in which the simulated server backs up by its schedule.
"""
import datetime
import json
import os
import subprocess

from story import equal, telling, until
from vault import GROUP, LOCATION, TENANT, Server, Vault, container, item, vm_id

AZ = os.environ["RSVAULT_AZ"]
VM, DB, POLICY = "keptvm", "ledger", "kept"
C, I = container(VM), item(DB)
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]
DAY = 86400


class World:
    """A database under a policy of its own, and the CLI, signed in."""

    def __init__(self, server):
        self.server, self.vault = server, Vault(server, "kept")
        database = {"name": DB, "sizeMiB": 1, "writeRate": 1, "writeIntervalSeconds": 3600}
        server.emulator_call("PUT", f"/servers/{VM}", {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [database]}]})
        self.vault.create()
        self.vault.register(VM)
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

    def az(self, *words, rc=0):
        done = subprocess.run([AZ, *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def advance(self, seconds):
        return self.server.emulator_call("POST", "/clock/advance", {"by": seconds}, timeout=600)

    def now(self):
        return datetime.datetime.fromisoformat(self.server.emulator_call("GET", "/clock")["now"])

    def policy(self, days):
        """Daily fulls and logs every four hours, kept so many days."""
        run = ["2026-01-01T02:00:00Z"]
        kept = {"count": days, "durationType": "Days"}
        return json.dumps({"properties": {
            "backupManagementType": "AzureWorkload", "workLoadType": "SQLDataBase",
            "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
            "subProtectionPolicy": [
                {"policyType": "Full",
                 "schedulePolicy": {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily", "scheduleRunTimes": run},
                 "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": {"retentionTimes": run, "retentionDuration": kept}}},
                {"policyType": "Log", "schedulePolicy": {"schedulePolicyType": "LogSchedulePolicy", "scheduleFrequencyInMins": 240},
                 "retentionPolicy": {"retentionPolicyType": "SimpleRetentionPolicy", "retentionDuration": kept}}]}})

    def set_policy(self, days, rc=0):
        """Writes the policy over; its item is brought to it by a job."""
        before = {j["name"] for j in self.jobs()}
        told = self.az("backup", "policy", "set", *self.on, "-n", POLICY, "--policy", self.policy(days), *WL, rc=rc)
        if rc:
            return told
        job = until(lambda: [j for j in self.jobs() if j["name"] not in before], "a job of the policy")[0]
        ended = self.server.job(self.vault.path, job["name"])["properties"]
        equal((ended["operation"], ended["status"]), ("ConfigureBackup", "Completed"), "job")

    def jobs(self):
        return self.server.arm("GET", f"{self.vault.path}/backupJobs", want=200).json()["value"]

    def fulls(self):
        return [p for p in self.az("backup", "recoverypoint", "list", *self.at, *WL, *MS) if p["properties"]["type"] == "Full"]

    def ranges(self):
        """The ranges of seconds that can be restored. By REST: this CLI drops them from what it reads."""
        path = self.vault.item_path(DB, VM) + "/recoveryPoints?$filter=restorePointQueryType eq 'Log'"
        points = self.server.arm("GET", path, want=200).json()["value"]
        return [tuple(datetime.datetime.fromisoformat(r[edge]) for edge in ("startTime", "endTime"))
                for p in points for r in p["properties"].get("timeRanges", [])]

    def restored(self, at):
        """A copy of that second is what the server itself remembers of it."""
        at = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"properties": {
            "objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": at, "recoveryType": "AlternateLocation",
            "sourceResourceId": vm_id(VM), "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False,
            "targetInfo": {"overwriteOption": "FailOnConflict", "containerId": self.vault.container_path(VM), "databaseName": "MSSQLSERVER/copy"}}}
        _, job = self.server.finish(self.server.arm("POST", self.vault.item_path(DB, VM) + "/recoveryPoints/DefaultRangeRecoveryPoint/restore", body, want=202))
        equal(job["properties"]["status"], "Completed", f"restore: {job['properties'].get('errorDetails')}")
        equal(self.server.checksum(VM, "copy"), self.server.checksum(VM, DB, at=at), f"the state of {at}")

    def item(self):
        return self.az("backup", "item", "show", *self.on, "-c", C, "-n", I, *WL, *MS)["properties"]


def shorter_and_longer(story, world):
    with story.step("twelve days under a policy of thirty: every full and an unbroken range"):
        world.az("backup", "policy", "create", *world.on, "-n", POLICY, "--policy", world.policy(30), *WL, *MS)
        world.vault.protect(DB, VM, POLICY)
        world.advance(12 * DAY)
        count = len(world.fulls())
        assert count >= 12, count
        equal(len(world.ranges()), 1, "ranges")
    with story.step("seven days: older fulls wait soft-deleted and stay listed, older logs go, the range starts later"):
        world.set_policy(7)
        world.advance(1)
        equal(len(world.fulls()), count, "fulls")
        start = min(start for start, _ in world.ranges())
        assert datetime.timedelta(days=6) < world.now() - start < datetime.timedelta(days=8, hours=12), start
    with story.step("thirty days again: what waited stays"):
        world.set_policy(30)
        world.advance(15 * DAY)
        assert len(world.fulls()) >= count + 15, "fulls"


def immutable(story, world):
    disable = ["backup", "protection", "disable", *world.at, *WL, *MS, "--yes"]
    as_per_policy = ["--retain-recovery-points-as-per-policy", "true"]
    with story.step("as per policy is offered in an immutable vault only"):
        assert "BackupsSuspendedNeedsImmutableVault" in world.az(*disable, *as_per_policy, rc=1)
    with story.step("an immutable vault refuses deletion and shorter retention, by rule and cure"):
        equal(world.az("backup", "vault", "update", "-g", GROUP, "-n", world.vault.name, "--immutability-state", "Unlocked")
              ["properties"]["securitySettings"]["immutabilitySettings"]["state"], "Unlocked", "state")
        assert "is immutable (Unlocked)" in world.az(*disable, "--delete-backup-data", "true", rc=1)
        assert "retentionDuration" in world.set_policy(29, rc=1)
        world.set_policy(31)
    with story.step("suspended for two months: all goes but the last moment, which is restored"):
        world.az(*disable, *as_per_policy)
        equal(world.item()["protectionState"], "BackupsSuspended", "state")
        last = world.item()["lastRecoveryPoint"]
        fired = world.advance(60 * DAY)
        assert fired["counts"].get("retention"), fired["counts"]
        assert not fired["counts"].get("schedule"), fired["counts"]
        equal((len(world.fulls()), world.item()["lastRecoveryPoint"]), (1, last), "points")
        [(_, end)] = world.ranges()
        world.restored(end)
    with story.step("resumed, locked, never unlocked"):
        world.az("backup", "protection", "resume", *world.at, "--policy-name", POLICY, *WL, *MS)
        assert world.item()["protectionState"] in ("Protected", "IRPending")
        update = ["backup", "vault", "update", "-g", GROUP, "-n", world.vault.name, "--immutability-state"]
        world.az(*update, "Locked")
        assert "locked for good" in world.az(*update, "Disabled", rc=1)


def main():
    with telling() as story, Server() as server:
        world = World(server)
        shorter_and_longer(story, world)
        immutable(story, world)
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
