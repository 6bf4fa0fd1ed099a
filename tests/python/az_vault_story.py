"""A vault's identities and its customer-managed key by the unmodified Azure CLI."""
import json
import os
import subprocess

from story import equal, telling
from vault import GROUP, SUB, TENANT, Server, Vault

AZ = os.environ["RSVAULT_AZ"]
USER = f"/subscriptions/{SUB}/resourceGroups/{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mi1"
KEY = "https://kv1.vault.azure.net/keys/key1/0767b348bb1a4c07baa6c4ec0055d2b3"


class World:
    """A vault, and the CLI, signed in."""

    def __init__(self, server):
        self.vault = Vault(server, "keyed").create()
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

    def az(self, *words, rc=0):
        done = subprocess.run([AZ, *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def identity(self, verb, *words, **more):
        return self.az("backup", "vault", "identity", verb, "-g", GROUP, "-n", self.vault.name, *words, **more)

    def encryption(self, verb, *words, **more):
        return self.az("backup", "vault", "encryption", verb, "-g", GROUP, "-n", self.vault.name, *words, **more)


def main():
    with telling() as story, Server() as server:
        world = World(server)
        with story.step("a key without an identity is refused"):
            equal(world.encryption("show")["properties"]["encryptionAtRestType"], "MicrosoftManaged", "encryption")
            body = {"properties": {"encryption": {"keyVaultProperties": {"keyUri": KEY}, "kekIdentity": {"useSystemAssignedIdentity": True}}}}
            equal(server.arm("PATCH", world.vault.path, body, version="vault", want=400).json()["error"]["code"], "BMSUserErrorKekIdentityNotFound", "code")
        with story.step("identities are assigned and shown"):
            world.identity("assign", "--system-assigned")
            world.identity("assign", "--user-assigned", USER)
            shown = world.identity("show")
            equal((shown["type"], list(shown["userAssignedIdentities"])), ("SystemAssigned, UserAssigned", [USER]), "identity")
            assert shown["principalId"] and shown["tenantId"] == TENANT, shown
        with story.step("the key is set with the user-assigned identity, and shown"):
            world.encryption("update", "--encryption-key-id", KEY, "--mi-user-assigned", USER)
            shown = world.encryption("show")["properties"]
            equal((shown["encryptionAtRestType"], shown["keyUri"], shown["userAssignedIdentity"]), ("CustomerManaged", KEY, USER), "encryption")
        with story.step("that identity cannot be removed while the key is fetched with it"):
            assert "BMSUserErrorIdentityInUse" in world.identity("remove", "--user-assigned", USER, rc=1)
        with story.step("the key is rotated in a vault in use, with the other identity; then the first one goes"):
            world.vault.register()
            world.encryption("update", "--encryption-key-id", KEY[:-1], "--mi-system-assigned")
            equal(world.encryption("show")["properties"]["keyUri"], KEY[:-1], "rotated key")
            world.identity("remove", "--user-assigned", USER)
            equal(world.identity("show")["type"], "SystemAssigned", "identity")
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
