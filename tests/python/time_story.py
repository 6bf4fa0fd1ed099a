"""Virtual weeks through the whole stack: schedules, log chains, retention and restores to random seconds, each compared with
what the simulated server itself says its database held at that second.

    time_story.py [--days 35] [--databases 2] [--restores 60] [--refusals 20] [--seed 3] [--faults | --no-faults] [--postgres]
"""
import argparse
import collections
import datetime as dt
import glob
import json
import os
import random
import re
import time

from model import Plan
from story import equal, telling, until
from vault import BIN, GROUP, LOCATION, Server, Vault, new_database, vm_id

VM, INSTANCE = "timevm", "MSSQLSERVER"
SECOND = dt.timedelta(seconds=1)


def moment(text):
    """An RFC 3339 time."""
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    return dt.datetime.fromisoformat(text)


def wire(at):
    return at.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Run:
    def __init__(self, server, words):
        self.server, self.words = server, words
        self.random = random.Random(words.seed)
        self.databases = [f"db{n:02}" for n in range(words.databases)]
        self.vault = Vault(server, "timevault")
        self.models = {name: "Full" for name in self.databases}
        self.compared = self.refused = 0
        self.fired = collections.Counter()
        self.worst = 0.0

    # The emulator

    def put_machine(self, state="running"):
        databases = [{"name": name, "sizeMiB": 1, "recoveryModel": self.models[name], "writeRate": 2,
                      "writeIntervalSeconds": self.words.write_every} for name in self.databases]
        spec = {"resourceGroup": GROUP, "location": LOCATION, "state": state, "instances": [{"name": INSTANCE, "databases": databases}]}
        self.server.emulator_call("PUT", f"/servers/{VM}", spec)

    def now(self):
        return moment(self.server.emulator_call("GET", "/clock")["now"])

    def advance(self, to):
        answer = self.server.emulator_call("POST", "/clock/advance", {"to": wire(to)}, timeout=3600)
        self.fired.update(answer["counts"])
        assert not answer["unfinished"], answer["unfinished"]
        assert moment(answer["to"]) >= to.replace(microsecond=0), answer["to"]
        return answer

    # What is there

    def ranges(self, name):
        points = self.vault.points(name, VM)
        log = [p for p in points if p["name"] == "DefaultRangeRecoveryPoint"]
        return [(moment(r["startTime"]), moment(r["endTime"])) for p in log for r in p["properties"].get("timeRanges") or []]

    def restore(self, name, at, target):
        body = {"properties": {
            "objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "recoveryType": "AlternateLocation", "sourceResourceId": vm_id(VM),
            "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False, "pointInTime": wire(at),
            "targetInfo": {"overwriteOption": "Overwrite", "containerId": self.vault.container_path(VM), "databaseName": f"{INSTANCE}/{target}"}}}
        return self.server.arm("POST", f"{self.vault.item_path(name, VM)}/recoveryPoints/DefaultRangeRecoveryPoint/restore", body)

    def compare(self, name, at):
        """A restore to the second holds what the database held then, byte for byte."""
        answer = self.restore(name, at, "restored")
        assert answer.status_code == 202, f"{name} at {at}: {answer.status_code} {answer.text[:600]}"
        _, job = self.server.finish(answer)
        equal(job["properties"]["status"], "Completed", f"restore of {name} to {at}: {job['properties'].get('errorDetails')}")
        got = self.server.checksum(VM, "restored")
        want = self.server.checksum(VM, name, at=wire(at))
        equal(got, want, f"{name} at {at}")
        self.compared += 1

    def refuse(self, name, at, ranges):
        """A second outside every range is refused with what is missing and the nearest times that are there."""
        answer = self.restore(name, at, "restored")
        equal(answer.status_code, 400, f"{name} at {at} outside {ranges}: {answer.text[:300]}")
        told = answer.json()["error"]
        equal(told.get("target"), "properties.pointInTime", str(told))
        before = max((end for _, end in ranges if end < at), default=None)
        after = min((start for start, _ in ranges if start > at), default=None)
        for near in (before, after):
            assert near is None or wire(near) in told["message"], f"{wire(near)} is not named: {told['message']}"
        self.refused += 1

    def look(self, restores, refusals):
        """Random seconds, inside and outside of the ranges of every database."""
        for n in range(restores):
            name = self.databases[n % len(self.databases)]
            ranges = self.ranges(name)
            if not ranges:
                continue
            weights = [(end - start).total_seconds() + 1 for start, end in ranges]
            start, end = self.random.choices(ranges, weights)[0]
            edge = self.random.random()
            span = int((end - start).total_seconds())
            self.compare(name, start if edge < 0.08 else end if edge < 0.16 else start + self.random.randint(0, span) * SECOND)
        for n in range(refusals):
            name = self.databases[n % len(self.databases)]
            ranges = self.ranges(name)
            holes = [(a, b) for (_, a), (b, _) in zip(ranges, ranges[1:])]
            holes += [(ranges[0][0] - dt.timedelta(days=2), ranges[0][0]), (ranges[-1][1], ranges[-1][1] + dt.timedelta(days=1))] if ranges else []
            holes = [(a, b) for a, b in holes if (b - a) > SECOND]
            if holes:
                a, b = self.random.choice(holes)
                self.refuse(name, a + self.random.randint(1, max(int((b - a).total_seconds()) - 1, 1)) * SECOND, ranges)

    # Faults

    def fault(self, at):
        """One thing that goes wrong at `at`; what it was."""
        name = self.random.choice(self.databases)
        kind = self.random.choice(("down", "foreign log", "foreign full", "model", "overwrite"))
        self.advance(at)
        foreign = f"/servers/{VM}/instances/{INSTANCE}/databases/{name}/foreignBackup"
        if kind == "down":
            self.put_machine("stopped")
            self.advance(at + dt.timedelta(minutes=self.random.randint(20, 400)))
            self.put_machine()
        elif kind.startswith("foreign"):
            self.server.emulator_call("POST", foreign, {"kind": kind.split()[1].capitalize()})
        elif kind == "model":
            self.models[name] = "Simple"
            self.put_machine()
            self.advance(at + dt.timedelta(minutes=self.random.randint(20, 900)))
            self.models[name] = "Full"
            self.put_machine()
        elif ranges := self.ranges(name):
            start, end = self.random.choice(ranges)
            back = start + self.random.randint(0, int((end - start).total_seconds())) * SECOND
            body = {"properties": {"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "recoveryType": "OriginalLocation",
                                   "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False, "sourceResourceId": vm_id(VM),
                                   "pointInTime": wire(back)}}
            path = f"{self.vault.item_path(name, VM)}/recoveryPoints/DefaultRangeRecoveryPoint/restore"
            _, job = self.server.finish(self.server.arm("POST", path, body, want=202))
            equal(job["properties"]["status"], "Completed", f"overwrite of {name} by its state of {back}: {job['properties'].get('errorDetails')}")
        return f"{kind} ({name})"

    # Storage

    def stored(self):
        """Committed sets by database and kind, as the object store has them: each has a manifest next to its chunks."""
        counts = collections.defaultdict(collections.Counter)
        for path in glob.glob(os.path.join(self.server.data, "objects", "vaults", "*", "items", "*", "sets", "*", "*", "manifest.json")):
            with open(path) as file:
                manifest = json.load(file)
            counts[manifest["database"]][manifest["kind"]] += 1
        return counts

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) // 1024

    def catalogue(self):
        return sum(os.path.getsize(p) for p in glob.glob(os.path.join(self.server.data, "catalogue.db*"))) / 2**20


def protect_all(run, plan):
    run.put_machine()
    run.vault.create()
    run.vault.register(VM)
    run.server.arm("PUT", f"{run.vault.path}/backupPolicies/weekly", plan.body(), want=200)
    for name in run.databases:
        run.vault.protect(name, VM, policy="weekly")


def weeks(story, server, words, plan):
    run = Run(server, words)
    server.emulator_call("PUT", "/clock", {"frozen": True})
    with story.step(f"{words.databases} databases are protected by a weekly full, daily differential and {plan.interval.seconds // 60}-minute logs"):
        protect_all(run, plan)
    with story.step("the agent has the schedule on its disk, and says so"):
        for name in run.databases:
            path = run.vault.item_path(name, VM) + "/schedule"
            known = until(lambda: server.arm("GET", path, want=200).json().get("acknowledgedAt"), f"acknowledgement for {name}", 15)
            assert known, path
            equal([k["kind"] for k in server.arm("GET", path, want=200).json()["kinds"]], ["Full", "Differential", "Log"], "kinds")
    start = run.now().replace(microsecond=0) + SECOND
    began, virtual, day = time.monotonic(), 0.0, start
    rows = []
    for n in range(words.days):
        day = start + (n + 1) * dt.timedelta(days=1)
        with story.step(f"day {n + 1}: {day:%A %Y-%m-%d}"):
            tick, told = time.monotonic(), []
            faults = run.random.choices((0, 1, 2), (5, 3, 1))[0] if words.faults and n > 0 else 0
            for at in sorted(day - run.random.randint(3600, 80_000) * SECOND for _ in range(faults)):
                if at > run.now():
                    told.append(run.fault(at))
            if day > run.now():
                run.advance(day)
            took = time.monotonic() - tick
            virtual += took
            run.worst = max(run.worst, took)
            tick = time.monotonic()
            share = lambda total: total * (n + 1) // words.days - total * n // words.days  # noqa: E731
            run.look(share(words.restores), share(words.refusals))
            rows.append(took)
            print(f"    {took:.1f} s a virtual day; looked for {time.monotonic() - tick:.1f} s; {run.compared} restores equal, "
                  f"{run.refused} refused; vault {run.memory()} MiB, catalogue {run.catalogue():.0f} MiB" + (f"; {', '.join(told)}" if told else ""))
    if not words.faults:
        with story.step("what is stored is what the pure model of schedule and retention says"):
            run.advance(run.now() + dt.timedelta(minutes=1))
            want, got = plan.standing(start, run.now()), run.stored()
            for name in run.databases:
                for kind, count in want.items():
                    # Where a log and a base fall on one instant, either may reach further by its LSN.
                    slack = 1 if kind == "Log" else 0
                    assert abs(got[name][kind] - count) <= slack, f"{name}: {kind}: {got[name][kind]} stored, {count} predicted"
            print(f"    predicted a database: {want}; stored of {run.databases[0]}: {dict(got[run.databases[0]])}")
    with story.step("nothing runs on and every job has ended"):
        jobs = server.arm("GET", f"{run.vault.path}/backupJobs?$filter=status eq 'InProgress'", want=200).json()["value"]
        equal([j["properties"]["operation"] for j in jobs], [], "jobs")
    with story.step("shown is what is there: last points agree with the ranges"):
        for name in run.databases:
            properties = server.arm("GET", run.vault.item_path(name, VM), want=200).json()["properties"]
            newest = moment(properties["lastRecoveryPoint"])
            ranges = run.ranges(name)
            assert not ranges or newest >= ranges[-1][1], f"{name}: newest {newest}, range ends at {ranges[-1][1]}"
    print(f"compared {run.compared} restores, all equal; {run.refused} seconds outside refused; {words.days} virtual days in {virtual:.0f} s "
          f"({virtual / words.days:.1f} s a day for {words.databases} databases, worst {run.worst:.1f} s), {time.monotonic() - began:.0f} s in all; "
          f"fired {dict(run.fired)}")


def one_clock(story, server):
    """Small stories of the clock."""
    vault = Vault(server, "clockvault").create()
    vault.register()
    vault.protect()
    with story.step("a frozen clock stands still, and never goes back"):
        first = server.emulator_call("PUT", "/clock", {"frozen": True})
        time.sleep(0.3)
        equal(server.emulator_call("GET", "/clock"), first, "clock")
        told = server.emulator_call("PUT", "/clock", {"now": wire(moment(first["now"]) - dt.timedelta(days=1))}, want=(400,))
        assert told["field"] == "now", told
    with story.step("15 days make a soft-deleted item purgeable, and the answer shows why"):
        vault.back_up()
        server.finish(server.arm("DELETE", vault.item_path(), want=202))
        answer = server.emulator_call("POST", "/clock/advance", {"by": "P15D"}, timeout=600)
        gone = [e for e in answer["fired"] if e["kind"] == "softDelete"]
        assert len(gone) == 1 and "salesdb" in gone[0]["subject"] and "14 days" in gone[0]["text"], answer["fired"][-20:]
        equal(server.arm("GET", vault.item_path()).status_code, 404, "status")
        warned = [e for e in answer["fired"] if e["kind"] == "alert" and "Upcoming Purge" in e["text"]]
        equal(moment(gone[0]["at"]) - moment(warned[0]["at"]), dt.timedelta(days=2), "time between the warning and the purge")
    with story.step("a scaled clock runs through its timers"):
        vault.protect()
        before = moment(server.emulator_call("GET", "/clock")["now"])
        server.emulator_call("PUT", "/clock", {"frozen": False, "scale": 3600})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and moment(server.emulator_call("GET", "/clock")["now"]) < before + dt.timedelta(hours=3):
            time.sleep(0.2)
        server.emulator_call("PUT", "/clock", {"frozen": True, "scale": 1})
        points = vault.points()
        assert [p for p in points if p["properties"].get("type") == "Full"], points
        assert points[-1]["properties"]["timeRanges"], points[-1]
        # What it did is over: the long run has the machine to itself.
        server.finish(server.arm("PUT", vault.item_path(), {"properties": {
            "protectedItemType": "AzureVmWorkloadSQLDatabase", "protectionState": "ProtectionStopped", "policyId": ""}}, want=(200, 202)))


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--days", type=int, default=35)
    words.add_argument("--databases", type=int, default=2)
    words.add_argument("--restores", type=int, default=60)
    words.add_argument("--refusals", type=int, default=20)
    words.add_argument("--write-every", type=int, default=60, help="seconds between commits of a database")
    words.add_argument("--seed", type=int, default=3)
    words.add_argument("--faults", action=argparse.BooleanOptionalAction, default=True)
    words.add_argument("--postgres", action="store_true", help="with the catalogue in PostgreSQL")
    words.add_argument("--clock", action=argparse.BooleanOptionalAction, default=True)
    words = words.parse_args()
    plan = Plan(full_day=6, hour=2, interval=15, keep_full_weeks=3, keep_differential=14, keep_log=8)
    catalogue = ["--database", new_database()] if words.postgres else []
    with telling() as story, Server(*catalogue) as server:
        print(f"binary {BIN}")
        if words.clock:
            one_clock(story, server)
        weeks(story, server, words, plan)


if __name__ == "__main__":
    main()
