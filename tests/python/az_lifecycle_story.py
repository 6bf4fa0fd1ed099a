"""The life and death of vaults, servers and databases by the unmodified Azure CLI: soft delete and undelete of items, containers and
vaults, what blocks a deletion, and multi-user authorization. `az rest` where the CLI has no command.
"""
import json
import os
import subprocess

from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, TENANT, VERSION, Server, Vault, container, item

AZ = os.environ["RSVAULT_AZ"]
C, I = container("sqlvm1"), item("salesdb")
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]
VERSION["old"] = "2023-08-01"


class World:
    """A protected database with a backup, and the CLI, signed in."""

    def __init__(self, server):
        self.server, self.vault = server, Vault(server, "alive")
        self.vault.create()
        self.vault.register()
        self.vault.protect()
        self.vault.back_up()
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

    def disable(self, *words, rc=0):
        return self.az("backup", "protection", "disable", *self.at, *WL, *MS, "--yes", *words, rc=rc)

    def deleted(self):
        return self.az("backup", "deleted-vault", "list", "--location", LOCATION)

    def state(self):
        shown = self.server.arm("GET", self.vault.item_path(), want=200).json()["properties"]
        return shown["protectionState"], bool(shown.get("isScheduledForDeferredDelete"))


def guarded(story, world):
    server, vault = world.server, world.vault
    path = f"/subscriptions/{SUB}/resourceGroups/{GROUP}/providers/Microsoft.DataProtection/resourceGuards/watch"
    mapping = ["backup", "vault", "resource-guard-mapping"]
    named = ["-g", GROUP, "-n", vault.name]
    with story.step("a vault without a guard has no mapping"):
        assert "ResourceNotFound" in world.az(*mapping, "show", *named, rc=3)
    with story.step("a guard is made and the vault linked to it"):
        server.arm("PUT", path, {"location": LOCATION}, want=201)
        linked = world.az(*mapping, "update", *named, "--resource-guard-id", path)["properties"]
        equal(linked["resourceGuardResourceId"], path, "guard")
        equal(len(world.az(*mapping, "show", *named)["properties"]["resourceGuardOperationDetails"]), 7, "operations")
        shown = world.az("backup", "vault", "show", *named)["properties"]["securitySettings"]
        equal(shown["multiUserAuthorization"], "Enabled", "multi-user authorization")
    with story.step("a critical operation without the guard's request is refused, with the cure"):
        told = server.arm("DELETE", vault.item_path(), want=403).json()["error"]
        assert told["code"] == "UserErrorResourceGuardUnlockRequired" and "unlockDelete" in told["message"], told
        body = {"properties": {"softDeleteFeatureState": "Disabled"}}
        refused = server.arm("PATCH", f"{vault.path}/backupconfig/vaultconfig", body, version="old", want=403)
        equal(refused.json()["error"]["code"], "UserErrorResourceGuardRequestRequired", "code")
        server.arm("DELETE", path, want=409)
    with story.step("the CLI unlocks the deletion and carries it out"):
        world.disable("--delete-backup-data", "true")
        equal(world.state(), ("ProtectionStopped", True), "item")
        world.az("backup", "protection", "undelete", *world.at, *WL, *MS)
        equal(world.state(), ("ProtectionStopped", False), "item")
    with story.step("the CLI unlocks the mapping and removes it"):
        world.az(*mapping, "delete", *named, "--yes")
        equal(server.arm("GET", f"{vault.path}/backupResourceGuardProxies", want=200).json(), {"value": []}, "proxies")
        server.arm("DELETE", path, want=200)


def containers(story, world):
    with story.step("a server with items is not unregistered, and they are named"):
        told = world.az("backup", "container", "unregister", *world.on, "-c", C, *WL, "--yes", rc=1)
        assert "BMSUserErrorContainerHasDatasources" in told and "salesdb" in told, told
    with story.step("soft delete is switched off by no version of today"):
        told = world.az("backup", "vault", "backup-properties", "set", "-g", GROUP, "-n", world.vault.name, "--soft-delete-feature-state", "Disable", rc=1)
        assert "BMSUserErrorSoftDeleteCannotBeDisabled" in told, told
    with story.step("a deleted database is kept, its server given up and listed as soft-deleted"):
        world.disable("--delete-backup-data", "true")
        told = world.az("backup", "protection", "resume", *world.at, "--policy-name", "HourlyLogBackup", rc=1)
        assert "BMSUserErrorItemSoftDeleted" in told, told
        world.az("backup", "container", "unregister", *world.on, "-c", C, *WL, "--yes")
        listed = world.az("backup", "vault", "list-soft-deleted-containers", "-g", GROUP, "-n", world.vault.name, *WL)
        equal([c["properties"]["registrationStatus"] for c in listed], ["SoftDeleted"], "containers")


def vaults(story, world):
    server, vault = world.server, world.vault
    named = ["-g", GROUP, "-n", vault.name]
    with story.step("the vault is soft-deleted with what it holds, and its name is free"):
        world.az("backup", "vault", "delete", *named, "--yes")
        until(lambda: server.arm("GET", vault.path).status_code == 404, "the vault's end")
        gone = world.deleted()
        equal([v["properties"]["vaultId"].lower() for v in gone], [vault.path.lower()], "deleted vaults")
        assert gone[0]["name"].startswith(f"{GROUP}_") and gone[0]["properties"]["purgeAt"] > gone[0]["properties"]["vaultDeletionTime"], gone
        vault.create()
    name = gone[0]["name"]
    at = ["--name", name, "--location", LOCATION]
    with story.step("it is shown, and so are the databases in it"):
        equal(world.az("backup", "deleted-vault", "get", *at)["name"], name, "name")
        rows = world.az("backup", "deleted-vault", "list-containers", *at)
        equal([(r["name"].lower(), r["dataSourceType"]) for r in rows], [(I.lower(), "AzureWorkload/SQLDataBase")], "rows")
        equal(world.az("backup", "deleted-vault", "list-containers", "--ids", gone[0]["id"])[0]["id"], rows[0]["id"], "row")
        query = {"query": "resources | take 1"}
        equal(server.arm("POST", "/providers/Microsoft.ResourceGraph/resources", query, want=400).json()["error"]["code"], "QueryNotSupported", "code")
    with story.step("it does not come back over another of its name, and comes back once that is gone"):
        assert "UserErrorVaultNameInUse" in world.az("backup", "deleted-vault", "undelete", *at, rc=1)
        world.az("backup", "vault", "delete", *named, "--yes")
        world.az("backup", "deleted-vault", "undelete", *at)
        equal(world.deleted(), [], "deleted vaults")
        assert "ResourceNotFound" in world.az("backup", "deleted-vault", "get", *at, rc=1)
        equal(world.state(), ("ProtectionStopped", True), "item")
    with story.step("the database is undeleted in it, with its point, its server registered again, and protected again"):
        world.az("backup", "protection", "undelete", *world.at, *WL, *MS)
        equal(world.az("backup", "container", "show", *world.on, "-n", C, *WL)["properties"]["registrationStatus"], "Registered", "server")
        world.az("backup", "protection", "resume", *world.at, "--policy-name", "HourlyLogBackup")
        equal(world.state(), ("Protected", False), "item")
    with story.step("what blocks a deletion is told at once; --force takes it away first"):
        told = server.arm("DELETE", vault.path, want=400).json()["error"]
        equal((told["code"], [d["target"] for d in told["details"]]), ("ServiceResourceNotEmptyWithBackendMessage", ["protectedItems", "protectionContainers"]), "error")
        blocked = server.arm("DELETE", f"/subscriptions/{SUB}/resourceGroups/{GROUP}", want=409).json()["error"]
        assert blocked["code"] == "ResourceGroupDeletionBlocked" and vault.name in blocked["message"], blocked
        world.az("backup", "vault", "delete", *named, "--yes", "--force")
        until(lambda: server.arm("GET", vault.path).status_code == 404, "the vault's end")
    with story.step("fourteen days later it is gone for good"):
        server.emulator_call("POST", "/clock/advance", {"by": 15 * 86400}, timeout=600)
        equal(world.deleted(), [], "deleted vaults")


def main():
    with telling() as story, Server() as server:
        with story.step("a database with a backup, and the CLI signed in"):
            world = World(server)
        guarded(story, world)
        containers(story, world)
        vaults(story, world)
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
