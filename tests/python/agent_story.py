"""The agent binary backs a real PostgreSQL up while it is written to, and restores it into an empty folder; the restored
server starts and holds exactly the rows of the backup's end."""
import os
import shutil
import socket
import stat
import subprocess
import time

from agentprocess import Agent
from story import equal, telling, until
from vault import Server, Vault, item, vm_id

PG = os.environ["RSVAULT_PG_BIN"]
ROOT = os.getuid() == 0
AS = ["runuser", "-u", "postgres", "--"] if ROOT else []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    """A PostgreSQL server of the story's own."""

    def __init__(self, data, port, run):
        self.data, self.port, self.run = data, port, run
        self.process = None

    def make(self):
        self.do("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        return self

    def do(self, program, *words):
        done = subprocess.run([*AS, os.path.join(PG, program), *words], capture_output=True, text=True, timeout=120, cwd="/")
        assert done.returncode == 0, f"{program}: {done.stderr[-600:]}"
        return done.stdout

    def start(self):
        self.log = open(os.path.join(self.run, f"log-{self.port}"), "ab")
        words = ["-D", self.data, "-p", str(self.port), "-k", self.run, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=32MB"]
        self.process = subprocess.Popen([*AS, os.path.join(PG, "postgres"), *words], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, cwd="/")
        try:
            until(lambda: subprocess.run([os.path.join(PG, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0, "PostgreSQL", 60)
        except AssertionError:
            raise RuntimeError("PostgreSQL does not start: " + open(self.log.name).read()[-1500:]) from None
        return self

    def sql(self, text, database="postgres"):
        return self.do("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text).strip()

    def stop(self):
        if self.process and self.process.poll() is None:
            subprocess.run([*AS, os.path.join(PG, "pg_ctl"), "stop", "-D", self.data, "-m", "immediate", "-w"], capture_output=True, timeout=60, cwd="/")
            self.process.wait(30)


SUM = "select count(*), md5(string_agg(aid || ':' || abalance, ',' order by aid)) from pgbench_accounts"
LEDGER = "select count(*), coalesce(sum(delta), 0) from pgbench_history"


def main():
    with telling() as story, Server() as server:
        run = os.path.join(server.home, "pg")
        os.makedirs(run)
        os.chmod(server.home, 0o755)
        if ROOT:
            shutil.chown(run, "postgres")
        source = Cluster(os.path.join(run, "source"), free_port(), run).make()
        restored = Cluster(os.path.join(run, "restores", "copy"), free_port(), run)
        agent = Agent(server, "pg1", f'[postgresql]\nhost = "127.0.0.1"\nport = {source.port}\nuser = "postgres"\nbin_dir = "{PG}"\nrestore_root = "{run}/restores"\n')
        try:
            play(story, server, source, restored, agent)
        finally:
            agent.kill()
            source.stop()
            restored.stop()


def play(story, server, source, restored, agent):
    instance, database = f"PostgreSQL-{source.port}", "cluster"
    vault = Vault(server, "pgvault").create()
    path = f"{vault.container_path('pg1')}/protectedItems/{item(database, instance)}"
    with story.step("pgbench data"):
        source.start()
        source.do("pgbench", "-i", "-q", "-s", "3", "-h", "127.0.0.1", "-p", str(source.port), "-U", "postgres", "postgres")
    with story.step("enrol with a one-time token; credentials are 0600; the token works once"):
        done = agent.enroll()
        equal(done.returncode, 0, done.stderr)
        for folder, _, files in os.walk(agent.state):
            for f in files:
                mode = stat.S_IMODE(os.stat(os.path.join(folder, f)).st_mode)
                assert mode & 0o077 == 0, f"{f} has mode {mode:o}"
        again = agent.use(agent.token, state=agent.state + "-again")
        equal(again.returncode, 5, "exit code of a second use: " + again.stderr)
        assert agent.token not in again.stderr, "the token is in the message"
    with story.step("the agent runs; its machine registers; the cluster is found"):
        agent.start()
        vault.register("pg1")

        def found():
            listed = server.arm("GET", f"{vault.path}/backupProtectableItems?$filter=backupManagementType eq 'AzureWorkload' and workloadType eq 'SQLDataBase'", want=200)
            return [i for i in listed.json()["value"] if i["properties"]["friendlyName"] == database]
        until(found, "discovery")
    with story.step("protect"):
        body = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": f"{vault.path}/backupPolicies/HourlyLogBackup"}}
        status, _ = server.finish(server.arm("PUT", path, body, want=(200, 202)))
        equal(status["status"], "Succeeded", "operation")
    load = None
    with story.step("back up under load"):
        load = subprocess.Popen([os.path.join(PG, "pgbench"), "-n", "-c", "2", "-T", "60", "-h", "127.0.0.1", "-p", str(source.port), "-U", "postgres", "postgres"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": True}}
        _, job = server.finish(server.arm("POST", path + "/backup", body, want=202), 180)
        equal(job["properties"]["status"], "Completed", f"job {job['properties'].get('errorDetails')} {agent.last_words()}")
        load.terminate()
        load.wait(20)
    if load and load.poll() is None:
        load.kill()
    sums = None
    with story.step("a second backup at rest, to compare byte for byte"):
        until(lambda: source.sql("select count(*) from pg_stat_activity where application_name = 'pgbench'") == "0", "pgbench ends", 30)
        sums = source.sql(SUM), source.sql(LEDGER)
        body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "CopyOnlyFull", "enableCompression": True}}
        _, job = server.finish(server.arm("POST", path + "/backup", body, want=202), 180)
        equal(job["properties"]["status"], "Completed", f"job {job['properties'].get('errorDetails')}")
        source.sql("delete from pgbench_accounts where aid % 2 = 0")
        assert source.sql(SUM) != sums[0], "the source did not change"
    points = [p["name"] for p in server.arm("GET", path + "/recoveryPoints", want=200).json()["value"][:-1]]

    def restore(point, name):
        body = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "sourceResourceId": vm_id("pg1"),
                               "targetVirtualMachineId": vm_id("pg1"), "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False,
                               "targetInfo": {"overwriteOption": "FailOnConflict", "containerId": vault.container_path("pg1"), "databaseName": f"{instance}/{name}"}}}
        _, job = server.finish(server.arm("POST", f"{path}/recoveryPoints/{point}/restore", body, want=202), 180)
        return job["properties"]

    with story.step("restore into an empty folder, start: the same counts and checksums"):
        job = restore(points[0], "copy")
        equal(job["status"], "Completed", f"job {job.get('errorDetails')} {agent.last_words()}")
        restored.start()
        equal((restored.sql(SUM), restored.sql(LEDGER)), sums, "rows of the restored server")
        restored.stop()
    with story.step("the backup taken under load starts and is consistent"):
        job = restore(points[1], "loaded")
        equal(job["status"], "Completed", f"job {job.get('errorDetails')}")
        restored.data = os.path.join(restored.run, "restores", "loaded")
        restored.start()
        rows, _ = restored.sql(SUM).split("|")
        equal(rows, "300000", "accounts")
        totals = restored.sql("select (select sum(abalance) from pgbench_accounts) = (select coalesce(sum(delta), 0) from pgbench_history), "
                              "(select sum(bbalance) from pgbench_branches) = (select coalesce(sum(delta), 0) from pgbench_history)")
        equal(totals, "t|t", "transactions are whole")
        restored.stop()
    with story.step("a restore onto a folder in use is refused; nothing is touched"):
        job = restore(points[0], "loaded")
        equal(job["status"], "Failed", "job")
        assert job["errorDetails"], "no reason given"
    with story.step("agent and server end on SIGTERM"):
        agent.stop()
        server.stop()


main()
