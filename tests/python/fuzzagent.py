"""An agent by hand, for agent.json: enrolled with a token, with one command of each kind leased and nothing done about it yet."""
import base64
import os
import subprocess
import uuid

from fuzzworld import Request
from vault import BIN, GROUP, LOCATION, Vault, vm_id

NAME, SOURCE, DATABASES = "byhand", "agentsource", ("one", "two")
# One chunk of one byte, zero, and its BLAKE3 (the algorithm's own test vectors).
CHUNK, DIGEST = b"\0", bytes.fromhex("2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213")


class AgentWorld:
    # A commit needs real ciphertext under a wrapped key; the stories of the agent have it.
    never = ("commitSet",)

    def __init__(self, server):
        self.server, self.vault = server, Vault(server, "agents")

    def post(self, path, body, want=200):
        answer = self.server.call("POST", "/agent/v1/" + path, body, token=False, headers=self.credentials)
        assert answer.status_code == want, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer.json() if answer.text else None

    def new_token(self, name):
        words = [os.path.join(BIN, "rsvault"), "token", "create", "--server", name, "--resource-group", GROUP, "--location", LOCATION,
                 "--data", self.server.data]
        made = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, f"token create: {made.stderr}"
        return made.stdout.strip().splitlines()[-1].split()[-1]

    def leased(self, kind):
        command = self.post("commands/next", {"waitSeconds": 5})
        assert command["work"]["kind"] == kind, command
        return command

    def build(self):
        s, vault = self.server, self.vault
        self.credentials = {}
        mine = self.post("enroll", {"token": self.new_token(NAME), "agentVersion": "1"})
        self.credentials = {"Authorization": f"Bearer {mine['agentId']}.{mine['secret']}"}
        self.unused = self.new_token("another")
        spec = {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [{"name": "salesdb", "sizeMiB": 1}]}]}
        s.emulator_call("PUT", f"/servers/{SOURCE}", spec)
        vault.create()
        vault.register(SOURCE)
        vault.protect("salesdb", SOURCE)
        assert vault.back_up("salesdb", SOURCE)["status"] == "Completed", "full"
        point = next(p["name"] for p in vault.points("salesdb", SOURCE) if p["name"] != "DefaultRangeRecoveryPoint")
        body = {"properties": {"backupManagementType": "AzureWorkload", "containerType": "VMAppContainer", "workloadType": "SQLDataBase", "sourceResourceId": vm_id(NAME)}}
        registered = s.arm("PUT", vault.container_path(NAME), body, want=202)
        self.inquiry = self.leased("inquire")
        seen = [{"name": name, "recoveryModel": "Full", "size": 1, "readOnly": False} for name in DATABASES]
        self.inventory = {"instances": [{"name": "MSSQLSERVER", "version": "16", "directories": [], "databases": seen}]}
        self.post(f"commands/{self.inquiry['id']}/result", self.result())
        s.finish(registered)
        for name in DATABASES:
            vault.protect(name, NAME)
            vault.trigger(name, NAME)
        self.backups = [self.leased("backup"), self.leased("backup")]
        self.sets = [self.post(f"commands/{c['id']}/set", {"generation": c["generation"], "streams": 1}) for c in self.backups]
        target = {"overwriteOption": "Overwrite", "containerId": vault.container_path(NAME), "databaseName": "MSSQLSERVER/back"}
        body = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "shouldUseAlternateTargetLocation": True,
                               "isNonRecoverable": False, "sourceResourceId": vm_id(SOURCE), "targetInfo": target}}
        s.arm("POST", f"{vault.item_path('salesdb', SOURCE)}/recoveryPoints/{point}/restore", body, want=202)
        self.restore = self.leased("restore")
        self.item = self.post("schedule", {"waitSeconds": 0})["items"][0]

    def result(self):
        return {"generation": self.inquiry["generation"], "outcome": {"kind": "inquired", "inventory": self.inventory}}

    def commit(self):
        now = self.server.emulator_call("GET", "/clock")["now"]
        recipient, opened = self.sets[0]["recipient"], self.sets[0]
        facts = {"startedAt": now, "consistentAt": now, "firstLsn": "1", "lastLsn": "2", "checkpointLsn": "1", "databaseBackupLsn": "0",
                 "recoveryFork": str(uuid.UUID(int=0)), "recoveryModel": "Full", "bulkLogged": False, "files": [], "sourceBytes": 1, "engineVersion": "16"}
        streams = [{"stream": 0, "chunks": 1, "sealedBytes": 1, "packedBytes": 1, "sourceBytes": 1, "digest": DIGEST.hex(), "compression": "none"}]
        key = {"keyId": recipient["keyId"], "version": recipient["version"], "wrapped": base64.b64encode(bytes(384)).decode()}
        return {"generation": opened["generation"], "facts": facts, "key": key, "streams": streams}

    def requests(self, name, operation):
        for command in (*self.backups, self.restore):
            self.post(f"commands/{command['id']}/heartbeat", {"generation": command["generation"]})
        backup, opened, (step, *_) = self.backups[0], self.sets[0], self.restore["work"]["plan"]["steps"]
        of, at = {"id": backup["id"]}, {"id": opened["setId"], "generation": opened["generation"]}
        generation = {"generation": backup["generation"]}
        reading = {"id": self.restore["id"], "setId": step["setId"]}
        field = "blake3=:" + base64.b64encode(DIGEST).decode() + ":"
        return [{
            "nextCommand": Request({}, body={"waitSeconds": 0, "agentVersion": "1", "running": [backup["id"], self.restore["id"]]}),
            "heartbeat": Request(of, body={**generation, "bytesDone": 1, "bytesTotal": 2, "phase": "transferring"}),
            "finishCommand": Request({"id": self.inquiry["id"]}, body=self.result()),
            "openSet": Request(of, body={**generation, "streams": 1}),
            "restoreSet": Request(reading),
            "readChunk": Request({**reading, "stream": 0, "seq": 0}),
            "enroll": Request({}, body={"token": self.unused, "agentVersion": "1"}),
            "nextSchedule": Request({}, body={"waitSeconds": 0}),
            "abortSet": Request({"id": self.sets[1]["setId"]}, body={"generation": self.sets[1]["generation"]}),
            "commitSet": Request({"id": opened["setId"]}, body=self.commit() if name == "commitSet" else None),
            "listChunks": Request(at),
            "putChunk": Request({**at, "stream": 0, "seq": 0}, body=CHUNK, headers={"Content-Digest": field}),
            "offerSlot": Request({}, body={"itemId": self.item["itemId"], "backup": "Full", "slot": self.item["since"]}),
        }[name]]

    def tame(self, name, case):
        """A long poll waits as long as it is asked to, and nothing would come."""
        if isinstance(case.body, dict) and isinstance(case.body.get("waitSeconds"), int) and case.body["waitSeconds"] > 0:
            case.body = {**case.body, "waitSeconds": 0}
        return True

    def stands(self):
        """The vault still waits for its agent."""
        self.post(f"commands/{self.restore['id']}/heartbeat", {"generation": self.restore["generation"]})
