"""Auto-protection by the unmodified Azure CLI: an instance is put under it, a database made later is protected as the vault's own
discovery comes round, one with a special name goes in by it alone, and nothing new is protected once it is switched off.
"""
import json
import os
import subprocess

from story import equal, telling
from vault import GROUP, LOCATION, TENANT, Server, Vault

AZ = os.environ["RSVAULT_AZ"]
VM, POLICY = "autovm", "HourlyLogBackup"
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]
HOUR = 3600


class World:
    """A registered server with two databases, and the CLI, signed in."""

    def __init__(self, server):
        self.server, self.vault = server, Vault(server, "auto")
        self.databases("sales", "hr")
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
        self.target = [*self.on, *MS, "--protectable-item-name", "MSSQLSERVER", "--protectable-item-type", "SQLInstance", "--server-name", VM]

    def az(self, *words, rc=0):
        done = subprocess.run([AZ, *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def databases(self, *names):
        """The user databases of the simulated server from now on."""
        spec = {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [{"name": n, "sizeMiB": 1} for n in names]}]}
        self.server.emulator_call("PUT", f"/servers/{VM}", spec)

    def advance(self, hours):
        return self.server.emulator_call("POST", "/clock/advance", {"by": int(hours * HOUR)}, timeout=600)

    def protectable(self):
        """What the CLI lists, by friendly name."""
        rows = self.az("backup", "protectable-item", "list", *self.on, *MS)
        return {row["properties"]["friendlyName"]: row["properties"] for row in rows}

    def protected(self):
        """Databases under protection and the name of their policy. By REST: it is asked often."""
        items = self.server.arm("GET", f"{self.vault.path}/backupProtectedItems", want=200).json()["value"]
        return {i["properties"]["friendlyName"]: i["properties"].get("policyId", "/").rsplit("/", 1)[1] for i in items}

    def jobs(self):
        found = self.server.arm("GET", f"{self.vault.path}/backupJobs?$filter=operation eq 'ConfigureBackup'", want=200).json()["value"]
        return {j["properties"]["entityFriendlyName"]: j["properties"] for j in found}


def main():
    system = {"master", "model", "msdb"}
    with telling() as story, Server() as server:
        world = World(server)
        with story.step("protectable-item list shows the instance without a policy of its own"):
            instance = world.protectable()["MSSQLSERVER"]
            equal((instance["isAutoProtected"], instance.get("autoProtectionPolicy")), (False, None), "instance")
        with story.step("auto-enable-for-azurewl protects what stands, each by a job of its own"):
            equal(world.az("backup", "protection", "auto-enable-for-azurewl", *world.target, "--policy-name", POLICY), {"status": True}, "answer")
            world.advance(0.01)
            equal(world.protected(), dict.fromkeys({"sales", "hr"} | system, POLICY), "items")
            jobs = world.jobs()
            equal(set(jobs), {"sales", "hr"} | system, "jobs")
            assert all(j["status"] == "Completed" and j["isUserTriggered"] is False for j in jobs.values()), jobs
        with story.step("protectable-item list tells that and with which policy"):
            listed = world.protectable()
            equal(set(listed), {"MSSQLSERVER"}, "rows")
            instance = listed["MSSQLSERVER"]
            assert instance["isAutoProtected"] and instance["autoProtectionPolicy"].endswith("/backupPolicies/" + POLICY), instance
        with story.step("a database made later is protected when discovery comes round, 8 hours on"):
            world.databases("sales", "hr", "later", "web-shop")
            world.advance(0.5)
            assert "later" not in world.protected(), "it is not known yet"
            fired = world.advance(8)
            assert any(e["kind"] == "discovery" and "later" in e["subject"] for e in fired["fired"]), fired["fired"]
            equal(world.protected().get("later"), POLICY, "policy")
        with story.step("and so is one whose name a request of its own may not have"):
            equal(world.protected().get("web-shop"), POLICY, "policy")
        with story.step("auto-disable-for-azurewl leaves what is protected and takes nothing new"):
            equal(world.az("backup", "protection", "auto-disable-for-azurewl", *world.target), {"status": True}, "answer")
            before = world.protected()
            world.databases("sales", "hr", "later", "web-shop", "crm-new", "plain")
            world.advance(8.5)
            equal(world.protected(), before, "items")
            listed = world.protectable()
            equal(listed["MSSQLSERVER"]["isAutoProtected"], False, "mark")
            equal(set(listed), {"MSSQLSERVER", "crm-new", "plain"}, "rows")
        with story.step("enable-for-azurewl refuses the special name with its rule and its cure"):
            row = world.protectable()["crm-new"]["prebackupvalidation"]
            equal(row["status"], "Failed", "validation")
            said = world.az("backup", "protection", "enable-for-azurewl", *world.on, *MS, "--policy-name", POLICY, "--protectable-item-name", "crm-new",
                            "--protectable-item-type", "SQLDataBase", "--server-name", VM, rc=1)
            assert "contains '-'" in said and "auto-protection" in said, said
        with story.step("a second auto-disable finds no intent"):
            said = world.az("backup", "protection", "auto-disable-for-azurewl", *world.target, rc=1)
            assert "unique intent" in said, said


main()
