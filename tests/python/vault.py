"""A running `rsvault serve --emulator` and plain HTTP to it, as any client would speak it."""
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import uuid

import requests

from story import until

BIN = os.environ["RSVAULT_BIN"]
SUB = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000000a"
GROUP, LOCATION = "rg1", "westeurope"
VERSION = {"backup": "2026-10-01", "vault": "2026-11-01"}


def vm_id(name, group=GROUP):
    return f"/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"


def container(vm, group=GROUP):
    return f"VMAppContainer;Compute;{group};{vm}"


def item(database, instance="MSSQLSERVER"):
    return f"SQLDataBase;{instance};{database}"


def new_database():
    """An empty PostgreSQL database of its own on the run's throw-away server."""
    url = os.environ["RSVAULT_TEST_POSTGRES"]
    name = "story_" + uuid.uuid4().hex[:12]
    psql = os.path.join(os.environ["RSVAULT_PG_BIN"], "psql")
    subprocess.run([psql, "-q", url, "-c", f"create database {name}"], check=True, timeout=60)
    return url.rsplit("/", 1)[0] + "/" + name


class Server:
    """Lives in its own folder; start, stop, kill, start again over the same data."""

    def __init__(self, *words, data=None, emulator=True, at_once=True):
        self.home = tempfile.mkdtemp(prefix="vault-")
        self.data = data or os.path.join(self.home, "data")
        self.words = list(words)
        self.emulator = emulator
        self.at_once = at_once
        self.process = None
        self.listen = "127.0.0.1:0"
        self.tokens = {}

    def __enter__(self):
        return self.start() if self.at_once else self

    def __exit__(self, *_):
        try:
            if self.process and self.process.poll() is None:
                self.stop()
        finally:
            self.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    def away_from_the_hour(self):
        """Schedules of the default policy fire on the hour; a story that is not about them begins with time ahead of it."""
        now = self.emulator_call("GET", "/clock")["now"]
        if int(now[14:16]) >= 30:
            self.emulator_call("POST", "/clock/advance", {"by": (62 - int(now[14:16])) * 60}, timeout=120)

    def start(self, seconds=60, env=None):
        new = not os.path.exists(self.data)
        words = [os.path.join(BIN, "rsvault"), "serve", "--listen", self.listen, "--data", self.data]
        words += (["--emulator"] if self.emulator else []) + self.words
        if self.emulator and os.environ.get("RSVAULT_TRAFFIC"):
            # All servers of a run record what clients are told; contract_story.py looks at it in the end.
            os.makedirs(os.environ["RSVAULT_TRAFFIC"], exist_ok=True)
            story = os.path.splitext(os.path.basename(sys.argv[0]))[0]
            words += ["--record", os.path.join(os.environ["RSVAULT_TRAFFIC"], f"{story}-{os.path.basename(self.home)}.jsonl")]
        self.log = open(os.path.join(self.home, "log"), "ab")
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL, text=True,
                                        env={**os.environ, **(env or {})})
        lines = queue.Queue()

        def read(pipe):
            for line in pipe:
                lines.put(line)
                self.log.write(line.encode())
            lines.put(None)
        threading.Thread(target=read, args=(self.process.stdout,), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=seconds)
            except queue.Empty:
                raise RuntimeError(f"no ready line within {seconds} s\n{self.last_words()}") from None
            if line is None:
                code = self.process.wait(10)
                raise RuntimeError(f"rsvault serve ended with {code}\n{self.last_words()}")
            if ready := re.fullmatch(r"ready (https://127\.0\.0\.1:\d+)\s*", line):
                break
        self.base = ready[1]
        self.listen = self.base.removeprefix("https://")
        self.ca = os.path.join(self.data, "tls", "ca.pem")
        self.http = requests.Session()
        self.http.verify = self.ca
        self.http.trust_env = False
        self.tokens = {}
        if self.emulator and new:
            self.away_from_the_hour()
        return self

    def last_words(self, lines=25):
        with open(os.path.join(self.home, "log"), errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def stop(self, seconds=20):
        """SIGTERM drains and ends with 0 within seconds."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        assert code == 0, f"SIGTERM: exit code {code}\n{self.last_words()}"

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    # Speaking to it

    def token(self, client="rsvault", secret="rsvault"):
        if client not in self.tokens:
            form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": self.base + "/.default"}
            answer = self.http.post(self.base + "/adfs/oauth2/token", data=form, timeout=30)
            assert answer.status_code == 200, f"token: {answer.status_code} {answer.text}"
            self.tokens[client] = answer.json()["access_token"]
        return self.tokens[client]

    def call(self, method, path, body=None, token=True, headers=None, timeout=60, **more):
        """A request; the answer whatever its status."""
        headers = dict(headers or {})
        if token:
            headers.setdefault("Authorization", "Bearer " + (self.token() if token is True else token))
        url = path if path.startswith("http") else self.base + path
        return self.http.request(method, url, json=body, headers=headers, timeout=timeout, **more)

    def arm(self, method, path, body=None, version="backup", want=None, **more):
        """An ARM request; the path is escaped here, the api-version added."""
        url = urllib.parse.quote(path, safe="/?&=%$'") + ("&" if "?" in path else "?") + "api-version=" + VERSION[version]
        answer = self.call(method, url, body, **more)
        if want is not None:
            wanted = want if isinstance(want, tuple) else (want,)
            assert answer.status_code in wanted, f"{method} {path}: {answer.status_code} {answer.text[:400]}, want {want}"
        return answer

    def finish(self, answer, seconds=120):
        """Follows a 202 to the end of its operation, and of the operation's job; answers (status body, job body)."""
        assert answer.status_code in (200, 201, 202), f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text[:400]}"
        url = answer.headers.get("Azure-AsyncOperation")
        if url is None:
            return answer.json() if answer.text else None, None

        def ended():
            status = self.call("GET", url).json()
            return status if status["status"] != "InProgress" else None
        status = until(ended, "operation " + url, seconds)
        job = (status.get("properties") or {}).get("jobId")
        vault = re.match(r".*?/vaults/[^/]+", urllib.parse.urlsplit(url).path)[0]
        return status, self.job(vault, job, seconds) if job else None

    def job(self, vault, job, seconds=120):
        """The job, once it has ended."""
        def ended():
            body = self.arm("GET", f"{vault}/backupJobs/{job}", want=200).json()
            return body if body["properties"]["status"] not in ("InProgress", "Cancelling") else None
        return until(ended, f"job {job}", seconds)

    def emulator_call(self, method, path, body=None, want=(200, 201, 202, 204), **more):
        answer = self.call(method, "/emulator" + path, body, token=False, **more)
        assert answer.status_code in want, f"{method} /emulator{path}: {answer.status_code} {answer.text[:400]}"
        return answer.json() if answer.text else None

    def checksum(self, server, database, instance="MSSQLSERVER", **when):
        """What the simulated server itself says its database holds."""
        query = urllib.parse.urlencode({"instance": instance, "database": database, **when})
        return self.emulator_call("GET", f"/servers/{server}/checksum?{query}")["hash"]

    def write(self, server, database, pages, seed, instance="MSSQLSERVER"):
        """Changes pages of a simulated database by a seeded generator."""
        body = {"instance": instance, "database": database, "pages": pages, "seed": seed}
        return self.emulator_call("POST", f"/servers/{server}/write", body)


class Vault:
    """One vault on a server, and the way from nothing to a protected database."""

    def __init__(self, server, name="v1", group=GROUP):
        self.server, self.name = server, name
        self.path = f"/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{name}"

    def container_path(self, vm="sqlvm1"):
        return f"{self.path}/backupFabrics/Azure/protectionContainers/{container(vm)}"

    def item_path(self, database="salesdb", vm="sqlvm1"):
        return f"{self.container_path(vm)}/protectedItems/{item(database)}"

    def create(self):
        body = {"location": LOCATION, "sku": {"name": "Standard"}, "properties": {}}
        self.server.finish(self.server.arm("PUT", self.path, body, version="vault", want=(200, 201)))
        return self

    def register(self, vm="sqlvm1"):
        s = self.server
        s.finish(s.arm("POST", f"{self.path}/backupFabrics/Azure/refreshContainers?$filter=backupManagementType eq 'AzureWorkload'", want=202))
        body = {"properties": {"backupManagementType": "AzureWorkload", "containerType": "VMAppContainer", "workloadType": "SQLDataBase",
                               "sourceResourceId": vm_id(vm)}}
        s.finish(s.arm("PUT", self.container_path(vm), body, want=(200, 202)))
        return until(lambda: s.arm("GET", self.container_path(vm)).json().get("properties", {}).get("registrationStatus") == "Registered",
                     "registration of " + vm)

    def protect(self, database="salesdb", vm="sqlvm1", policy="HourlyLogBackup"):
        body = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": f"{self.path}/backupPolicies/{policy}"}}
        status, _ = self.server.finish(self.server.arm("PUT", self.item_path(database, vm), body, want=(200, 202)))
        assert status is None or status["status"] == "Succeeded", status

    def trigger(self, database="salesdb", vm="sqlvm1", kind="Full", compress=True, **more):
        body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": kind, "enableCompression": compress}}
        return self.server.arm("POST", self.item_path(database, vm) + "/backup", body, want=202, **more)

    def back_up(self, database="salesdb", vm="sqlvm1", kind="Full", compress=True, seconds=120):
        _, job = self.server.finish(self.trigger(database, vm, kind, compress), seconds)
        return job["properties"]

    def points(self, database="salesdb", vm="sqlvm1"):
        return self.server.arm("GET", self.item_path(database, vm) + "/recoveryPoints", want=200).json()["value"]

    def long_backup(self, vm="longvm", mib=1024):
        """A protected database whose uncompressed backup runs long enough for a client to interfere."""
        spec = {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [{"name": "longdb", "sizeMiB": mib}]}]}
        self.server.emulator_call("PUT", f"/servers/{vm}", spec)
        self.create()
        self.register(vm)
        self.protect("longdb", vm)
        return container(vm), item("longdb")

    def restore_original(self, point, database="salesdb", vm="sqlvm1"):
        body = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "OriginalLocation",
                               "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False, "sourceResourceId": vm_id(vm)}}
        return self.server.arm("POST", f"{self.item_path(database, vm)}/recoveryPoints/{point}/restore", body, want=202)
