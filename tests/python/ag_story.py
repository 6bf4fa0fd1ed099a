"""An availability group of two servers: who takes which backup, a failover in the middle of a chain, restores to the byte beside the
group, and what a group refuses; by HTTP and by the unmodified Azure CLI, 2.91 and 2.90.
"""
import datetime
import json
import os
import subprocess

from recording import Recorder
from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, TENANT, Server, Vault, item, vm_id

AG, DB, ONE, TWO = "ag1", "salesdb", "sqlvm1", "sqlvm2"
SEED = f"""
subscriptions: [{{id: {SUB}, tenant: {TENANT}, resourceGroups: [{{name: {GROUP}, location: {LOCATION}}}]}}]
principals: [{{id: rsvault, secret: rsvault}}]
servers:
  {ONE}: {{resourceGroup: {GROUP}, location: {LOCATION}, instances: [{{name: MSSQLSERVER, databases: [{{name: alone, sizeMiB: 1}}]}}]}}
  {TWO}: {{resourceGroup: {GROUP}, location: {LOCATION}, instances: [{{name: MSSQLSERVER}}]}}
availabilityGroups:
  {AG}:
    replicas: [{{server: {ONE}}}, {{server: {TWO}}}]
    primary: {ONE}
    backupPreference: SecondaryOnly
    databases: [{{name: {DB}, sizeMiB: 2, writeRate: 3, writeIntervalSeconds: 60}}]
"""
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]


class Az:
    """A CLI with a configuration folder of its own, signed in."""

    def __init__(self, server, program, name):
        home = os.path.join(server.home, name)
        os.makedirs(home)
        self.program = program
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "PYTHON"))},
            "AZURE_CONFIG_DIR": home, "HOME": home, "REQUESTS_CA_BUNDLE": server.ca, "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "1", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", "AZURE_CORE_NO_COLOR": "1",
        }
        self("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", server.base)
        self("cloud", "set", "-n", "Vault")
        self("login", "--service-principal", "-u", "rsvault", "-p", "rsvault", "--tenant", TENANT)

    def __call__(self, *words, rc=0):
        done = subprocess.run([self.program, *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


class World:
    def __init__(self, server):
        self.server, self.vault = server, Vault(server, "ag")
        self.vault.create()
        self.on = ["-g", GROUP, "--vault-name", self.vault.name]
        self.copies = 0

    def get(self, path):
        return self.server.arm("GET", path, want=200).json()

    def all(self, path):
        return self.get(f"{self.vault.path}/{path}")["value"]

    def container(self):
        """Name of the group's container."""
        found = [c for c in self.all("backupProtectionContainers?$filter=backupManagementType eq 'AzureWorkload'")
                 if c["properties"]["containerType"] == "SQLAGWorkLoadContainer"]
        equal(len(found), 1, "containers of groups")
        return found[0]["name"]

    def group_path(self):
        return f"{self.vault.path}/backupFabrics/Azure/protectionContainers/{self.container()}"

    def item_path(self):
        return f"{self.group_path()}/protectedItems/{item(DB, AG)}"

    def protectable(self):
        return {row["name"]: row for row in self.all("backupProtectableItems?$filter=backupManagementType eq 'AzureWorkload' and workloadType eq 'SQLDataBase'")}

    def protect(self, path):
        body = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": f"{self.vault.path}/backupPolicies/HourlyLogBackup"}}
        return self.server.arm("PUT", path, body)

    def advance(self, hours):
        return self.server.emulator_call("POST", "/clock/advance", {"by": int(hours * 3600)}, timeout=300)

    def now(self):
        return datetime.datetime.fromisoformat(self.server.emulator_call("GET", "/clock")["now"])

    def jobs(self):
        return [job["properties"] for job in self.all("backupJobs")]

    def backups(self):
        return [job for job in self.jobs() if job["operation"].startswith("Backup")]

    def points(self):
        points = self.get(self.item_path() + "/recoveryPoints")["value"]
        return [p for p in points if p["properties"].get("type") != "Log"], points[-1]["properties"]["timeRanges"]

    def group(self, **changes):
        """Changes the group as it stands."""
        body = self.server.emulator_call("GET", f"/availabilityGroups/{AG}")
        del body["name"]
        return self.server.emulator_call("PUT", f"/availabilityGroups/{AG}", {**body, **changes})

    def back_up(self, path, kind):
        body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": kind, "enableCompression": True}}
        _, job = self.server.finish(self.server.arm("POST", path + "/backup", body, want=202))
        return job["properties"]

    def restore(self, point, **properties):
        body = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "sourceResourceId": vm_id(ONE),
                               "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False, **properties}}
        return self.server.arm("POST", f"{self.item_path()}/recoveryPoints/{point}/restore", body)

    def beside(self, vm, at):
        """A copy of that second on an instance of its own is what the simulator itself remembers of the group's database."""
        self.copies += 1
        at = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        name = f"copy{self.copies}"
        target = {"overwriteOption": "FailOnConflict", "containerId": self.vault.container_path(vm), "databaseName": f"MSSQLSERVER/{name}"}
        answer = self.restore("DefaultRangeRecoveryPoint", objectType="AzureWorkloadSQLPointInTimeRestoreRequest", pointInTime=at, targetInfo=target)
        _, job = self.server.finish(answer)
        equal(job["properties"]["status"], "Completed", f"restore of {at}: {job['properties'].get('errorDetails')}")
        equal(job["properties"]["entityFriendlyName"].split()[0], DB, "entity")
        equal(self.server.checksum(vm, name), self.server.checksum(ONE, DB, instance=AG, at=at), f"the state of {at}")


def recorded(server):
    """From now on the server's ARM answers are written down for the contract."""
    recorder, plain = Recorder(os.path.join(server.home, "traffic.jsonl")), server.call

    def call(method, path, body=None, *words, **more):
        answer = plain(method, path, body, *words, **more)
        if "/subscriptions/" in path:
            line = {"method": method, "path": answer.request.path_url, "status": answer.status_code,
                    "body": recorder.parsed(answer.text), "headers": dict(answer.headers)}
            recorder.file.write(json.dumps({**line, "request_body": body} if body else line) + "\n")
            recorder.file.flush()
            recorder.count += 1
        return answer
    server.call = call
    return recorder


def refused(answer, code, *words):
    equal(answer.status_code, 400, answer.text[:300])
    error = answer.json()["error"]
    equal(error["code"], code, error["message"])
    for word in words:
        assert word in error["message"], error["message"]


def discovery(story, world, az, az290):
    with story.step("only the secondary is registered: the group is listed, and protection says which node is missing"):
        world.vault.register(TWO)
        rows = world.protectable()
        group, database = rows[f"sqlavailabilitygroupcontainer;{AG}"], rows[f"sqldatabase;{AG};{DB}"]
        equal((group["properties"]["protectableItemType"], group["properties"]["isAutoProtectable"]), ("SQLAvailabilityGroupContainer", True))
        equal([(n["nodeName"], n["status"]) for n in group["properties"]["nodesList"]], [(ONE, "Failed"), (TWO, "Succeeded")])
        equal((database["properties"]["parentName"], database["properties"]["serverName"]), (AG, AG))
        refused(world.protect(world.item_path()), "FabricSvcBackupPreferenceCheckFailedUserError", ONE)
    with story.step("both nodes are registered by the CLI, and both CLIs list the group with its nodes"):
        az("backup", "container", "register", *world.on, *MS, *WL, "--resource-id", vm_id(ONE))
        for cli in (az, az290):
            listed = cli("backup", "protectable-item", "list", *world.on, *MS)
            row, = [r for r in listed if r["properties"]["protectableItemType"] == "SQLAvailabilityGroupContainer"]
            nodes = row["properties"]["nodesList"]
            equal(sorted(n.get("nodeName") or n.get("node_name") for n in nodes), [ONE, TWO], cli.program)
            names = [r["name"] for r in listed]
            assert f"sqldatabase;{AG};{DB}" in names and f"sqldatabase;mssqlserver;{DB}" not in names, names
            assert AG in {c["properties"]["friendlyName"] for c in cli("backup", "container", "list", *world.on, *WL)}
    with story.step("a database of the group is protected by the CLI under the group's name"):
        az("backup", "protection", "enable-for-azurewl", *world.on, "--policy-name", "HourlyLogBackup", "--protectable-item-type", "SQLDataBase",
           "--protectable-item-name", DB, "--server-name", AG, *MS)
        shown = az("backup", "item", "show", *world.on, "-c", world.container(), "-n", item(DB, AG), *WL, *MS)["properties"]
        equal((shown["parentName"], shown["serverName"], shown["friendlyName"], shown["protectionState"]), (AG, AG, DB, "IRPending"))
        equal([n["status"] for n in shown["nodesList"]], ["Succeeded", "Succeeded"])
        assert f"sqldatabase;{AG};{DB}" not in world.protectable()


def schedules(story, world):
    with story.step("a day: each slot runs once, on the node that the table names, and no failure is seen"):
        advanced = world.advance(25)
        equal(advanced["unfinished"], [])
        points, ranges = world.points()
        runs = [job for job in world.backups() if job["status"] == "Completed"]
        # The first log that was due became the first full.
        assert len(points) in (2, 3), points
        equal((len(runs), len(world.backups())), (len(points), len(points)), "one job a full, and none failed")
        equal({job["entityFriendlyName"] for job in runs}, {f"{DB} [{AG}]"})
        equal(len(ranges), 1, "unbroken")
    with story.step("a failover in the middle of the chain breaks nothing"):
        before = world.now()
        world.server.emulator_call("POST", f"/availabilityGroups/{AG}/failover", {"to": TWO})
        equal(world.server.emulator_call("GET", f"/availabilityGroups/{AG}")["primary"], TWO)
        world.server.write(TWO, DB, 20, 7, instance=AG)
        fulls = len(world.points()[0])
        world.advance(5)
        points, ranges = world.points()
        equal(len(ranges), 1, "unbroken")
        assert len(points) - fulls <= 1, "no full but the daily one"
        assert datetime.datetime.fromisoformat(ranges[0]["endTime"]) > before + datetime.timedelta(hours=3)
        equal([job for job in world.jobs() if job["status"] != "Completed"], [])
    with story.step("seconds before and after the failover are restored beside the group, on either node, to the byte"):
        world.beside(ONE, before - datetime.timedelta(hours=2, seconds=17))
        world.beside(TWO, before + datetime.timedelta(hours=2, seconds=11))
    with story.step("the full of the day after is the new primary's, and the log after it the new secondary's"):
        fulls = len(world.points()[0])
        world.advance(24)
        points, ranges = world.points()
        equal((len(points), len(ranges)), (fulls + 1, 1))
        equal([job for job in world.jobs() if job["status"] != "Completed"], [])
        world.beside(ONE, world.now() - datetime.timedelta(hours=3))


def on_demand(story, world, az):
    with story.step("backups by hand go to the right node by themselves"):
        at = [*world.on, "-c", world.container(), "-i", item(DB, AG), *WL, *MS]
        # The CLI counts its default from the machine's clock, which the emulator has left behind.
        keep = (world.now() + datetime.timedelta(days=60)).strftime("%d-%m-%Y")
        for kind in ("Full", "Log", "CopyOnlyFull"):
            job = az("backup", "protection", "backup-now", *at, "--backup-type", kind, "--retain-until", keep)
            ended = world.server.job(world.vault.path, job["name"])["properties"]
            equal((ended["status"], ended["entityFriendlyName"]), ("Completed", f"{DB} [{AG}]"), f"{kind}: {ended.get('errorDetails')}")
    with story.step("a server that is down leaves the full that it would take failing, with its reason"):
        spec = world.server.emulator_call("GET", f"/servers/{TWO}")
        spec = {k: v for k, v in spec.items() if k not in ("name", "vmId")}
        world.server.emulator_call("PUT", f"/servers/{TWO}", {**spec, "state": "stopped"})
        ended = world.back_up(world.item_path(), "Full")
        equal((ended["status"], ended["errorDetails"][0]["errorTitle"]), ("Failed", "VMNotInRunningStateUserError"))
        world.server.emulator_call("PUT", f"/servers/{TWO}", spec)
        equal(world.back_up(world.item_path(), "Full")["status"], "Completed")


def resolving(story, world):
    with story.step("in the middle of a failover a backup says so; when it is over it runs"):
        def rediscovered():
            for vm in (ONE, TWO):
                world.server.finish(world.server.arm("POST", world.vault.container_path(vm) + "/inquire", want=202))
        world.group(resolving=True)
        ended = world.back_up(world.item_path(), "Log")
        equal((ended["status"], ended["errorDetails"][0]["errorTitle"]), ("Failed", "UserErrorAGReplicaRoleIsResolving"))
        rediscovered()
        ended = world.back_up(world.item_path(), "Log")
        equal((ended["status"], ended["errorDetails"][0]["errorTitle"]), ("Failed", "UserErrorAGReplicaRoleIsResolving"))
        world.group(resolving=False, primary=TWO)
        rediscovered()
        equal(world.back_up(world.item_path(), "Log")["status"], "Completed")


def refusals(story, world):
    point = world.points()[0][0]["name"]
    node = world.vault.container_path(ONE)
    with story.step("nothing is restored into the group or over its database"):
        target = {"overwriteOption": "Overwrite", "containerId": node}
        code = "BMSUserErrorInvalidRestoreRequest"
        refused(world.restore(point, recoveryType="OriginalLocation"), code, AG, "AlternateLocation")
        refused(world.restore(point, targetInfo={**target, "databaseName": f"{AG}/copy"}), code, AG)
        refused(world.restore(point, targetInfo={**target, "databaseName": f"MSSQLSERVER/{DB}"}), code, AG)
        refused(world.restore(point, targetInfo={**target, "containerId": world.group_path(), "databaseName": "MSSQLSERVER/copy"}), code, AG)
    with story.step("its backups are restored as files"):
        folder = os.path.join(world.server.home, "files")
        target = {"overwriteOption": "Overwrite", "containerId": node, "targetDirectoryForFileRestore": folder}
        _, job = world.server.finish(world.restore(point, recoveryMode="FileRecovery", targetInfo=target))
        equal(job["properties"]["status"], "Completed")
        assert any(name.endswith(".bak") for name in os.listdir(folder)), os.listdir(folder)
    with story.step("no node leaves while a database of its group is protected, and the group is not unregistered by itself"):
        refused(world.server.arm("DELETE", node), "BMSUserErrorContainerHasDatasources", AG)
        refused(world.server.arm("DELETE", world.group_path()), "BMSUserErrorInvalidInput", AG)
        equal(world.server.call("DELETE", f"/emulator/servers/{ONE}", token=False).status_code, 409)
    with story.step("a replica is written to on the primary alone"):
        body = {"instance": AG, "database": DB, "pages": 1, "seed": 1}
        equal(world.server.call("POST", f"/emulator/servers/{ONE}/write", body, token=False).status_code, 400)


def moves(story, world, az):
    alone = world.vault.container_path(TWO) + f"/protectedItems/{item(DB)}"
    with story.step("a database that leaves the group fails under it with its code, and is protected anew under its instance"):
        kept = world.server.checksum(TWO, DB, instance=AG)
        databases = world.server.emulator_call("GET", f"/availabilityGroups/{AG}")["databases"]
        world.group(databases=[])
        equal(world.server.checksum(TWO, DB), kept, "it stays as it was, on the primary")
        ended = world.back_up(world.item_path(), "Full")
        equal((ended["status"], ended["errorDetails"][0]["errorTitle"]), ("Failed", "UserErrorBackupFailedDatabaseMovedOutOfAG"))
        until(lambda: f"sqldatabase;mssqlserver;{DB}" in world.protectable(), "rediscovery")
        world.server.finish(world.protect(alone))
        equal(world.back_up(alone, "Full")["status"], "Completed")
    with story.step("moved back in, it is the group's again, and the other data source fails with its code"):
        world.group(databases=databases)
        ended = world.back_up(alone, "Log")
        equal((ended["status"], ended["errorDetails"][0]["errorTitle"]), ("Failed", "UserErrorBackupFailedStandaloneDatabaseMovedInToAG"))
        equal(world.back_up(world.item_path(), "Full")["status"], "Completed")
        path = world.get(alone)["properties"]
        equal(path["lastBackupErrorDetail"]["code"], "UserErrorBackupFailedStandaloneDatabaseMovedInToAG")
    with story.step("without VIEW SERVER STATE the inquiry of the node says so; the grant cures it"):
        spec = {k: v for k, v in world.server.emulator_call("GET", f"/servers/{ONE}").items() if k not in ("name", "vmId")}
        for blind, code in ((True, "UserErrorSQLNoViewServerStatePermission"), (False, "Success")):
            spec["instances"][0]["faults"] = {"noViewServerState": blind}
            world.server.emulator_call("PUT", f"/servers/{ONE}", spec)
            world.server.finish(world.server.arm("POST", world.vault.container_path(ONE) + "/inquire", want=202))
            info = world.get(world.vault.container_path(ONE))["properties"]["extendedInfo"]["inquiryInfo"]
            equal((info["status"], info["errorDetail"]["code"]), ("Success", code))
    with story.step("the group is auto-protected by the CLI: a database that joins it is protected by itself"):
        equal(az("backup", "protection", "auto-enable-for-azurewl", *world.on, "--policy-name", "HourlyLogBackup", "--protectable-item-type", "SQLAG",
                 "--protectable-item-name", AG, "--server-name", AG, *MS), {"status": True})
        row = world.protectable()[f"sqlavailabilitygroupcontainer;{AG}"]
        equal(row["properties"]["isAutoProtected"], True)
        world.group(databases=[*databases, {"name": "hrdb", "sizeMiB": 1}])
        path = f"{world.group_path()}/protectedItems/{item('hrdb', AG)}"
        until(lambda: world.server.arm("GET", path).status_code == 200, "auto-protection")
        equal(world.back_up(path, "Full")["status"], "Completed")
    with story.step("after a restart of all the group and its chain are as they were"):
        before = world.server.checksum(ONE, DB, instance=AG)
        world.server.stop()
        world.server.start()
        equal(world.server.checksum(ONE, DB, instance=AG), before)
        equal(world.back_up(world.item_path(), "Log")["status"], "Completed")
        equal(len(world.points()[1]), 1, "no log was taken by anybody else while it was out of the group")


def play(server):
    with telling() as story:
        recorder = recorded(server)
        world = World(server)
        az, az290 = (Az(server, os.environ[name], name) for name in ("RSVAULT_AZ", "RSVAULT_AZ290"))
        discovery(story, world, az, az290)
        schedules(story, world)
        on_demand(story, world, az)
        refusals(story, world)
        resolving(story, world)
        moves(story, world, az)
        with story.step("the traffic fits the SDKs' contract"):
            recorder.fits_contract(100)


if __name__ == "__main__":
    with Server(at_once=False) as made:
        seed = os.path.join(made.home, "seed.yaml")
        with open(seed, "w") as file:
            file.write(SEED)
        made.words += ["--seed", seed]
        made.start()
        play(made)
