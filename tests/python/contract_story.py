"""What official clients were told in all stories of this run, held against the models of their own SDKs; and for each
operation, which client has exercised it (openapi/coverage.toml, `clients`).

Runs last: the servers of the stories before have recorded the traffic into RSVAULT_TRAFFIC.
    contract_story.py [--write]     --write brings `clients` in coverage.toml up to what was seen
"""
import collections
import glob
import json
import os
import re
import sys
import tomllib

from story import telling

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRACT = os.path.join(HERE, "..", "contract")
COVERAGE = os.path.join(HERE, "..", "..", "openapi", "coverage.toml")
sys.path.insert(0, CONTRACT)
import validate  # noqa: E402

CLIENTS = (("AZURECLI/2.91", "az 2.91"), ("AZURECLI/2.90", "az 2.90"), ("azsdk-python", "sdk python"), ("azsdk-js", "sdk js"))
# Keys beyond the models, each for a reason.
EXTRA = {
    "recoveryPointTimeInUtc": "az 2.91 prints its table of recovery points from it",
    "IsProtectable": "seen on the wire (wire-facts 4)",
    "isUserTriggered": "seen on the wire (wire-facts 7)",
    "taskType": "seen on the wire (wire-facts 7)",
    "protectableItemCount": "seen on the wire (wire-facts 3)",
    "crossRegionRestoreState": "seen on the wire of points that have arrived in the second region (wire-facts 6)",
}
# Of refusals: the secondary region's form of an error (wire-facts 9), beside which `error` stands for the clients.
EXTRA_OF_ERRORS = ("ErrorCode", "Message", "Values")

# Served, and exercised by no client in a story, each for a reason.
UNASKED = {
    "backup_crr_jobs list, further pages": "wants more restores in a vault than a page holds; tests of the API page through them",
}


def client_of(agent):
    return next((name for prefix, name in CLIENTS if agent.startswith(prefix)), None)


def nameless(path):
    return re.sub(r"\{\w+\}", "{}", path.split("?")[0].rstrip("/")).lower()


class Rows:
    """The operations of coverage.toml, found by what was sent."""

    def __init__(self):
        with open(COVERAGE, "rb") as file:
            self.rows = tomllib.load(file)["operation"]
        self.known = []
        for n, row in enumerate(self.rows):
            pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(row["path"].rstrip("/")))
            literal = len(re.sub(r"\{\w+\}", "", row["path"]))
            self.known.append((-literal, n, row["method"], re.compile(pattern + "/?$", re.I)))
        self.known.sort()

    def find(self, method, path, query):
        """Every row that the request belongs to: a path of the secondary region is told by its api-version."""
        old = "api-version=2018-12-20" in query or "api-version=2021-11-15" in query
        found = [(n, literal) for literal, n, verb, pattern in self.known if verb == method and pattern.match(path)]
        best = [n for n, literal in found if literal == found[0][1]]
        crr = [n for n in best if self.rows[n]["source"] == "crr"]
        return crr if old and crr else [n for n in best if self.rows[n]["source"] != "crr"] or best


def captures():
    for file in sorted(glob.glob(os.path.join(os.environ["RSVAULT_TRAFFIC"], "*.jsonl"))):
        with open(file) as lines:
            for number, line in enumerate(lines, 1):
                # A server that was killed leaves half a line.
                try:
                    yield f"{os.path.basename(file)}:{number}", json.loads(line)
                except ValueError:
                    continue


def main():
    with telling() as story:
        rows, seen = Rows(), collections.defaultdict(set)
        with open(os.path.join(CONTRACT, "openapi-oracle.json")) as file:
            oracle = validate.Oracle(json.load(file))
        findings, counts, polls = collections.defaultdict(list), collections.Counter(), {}
        for place, capture in captures():
            client = client_of(capture.get("client", ""))
            path, _, query = capture["path"].partition("?")
            if client is None:
                continue
            counts[client] += 1
            of = rows.find(capture["method"], path, query)
            if capture["status"] < 400:
                for n in of:
                    seen[n].add(client)
            # The models are those of the backup and vault SDKs; what they have no word for is not theirs to judge.
            if "/providers/microsoft.recoveryservices/" not in path.lower() or any(rows.rows[n]["source"] not in ("backup", "vault", "crr") for n in of):
                continue
            _, found = validate.check(oracle, capture, polls)
            for kind, where, detail in found:
                key = where.rsplit("/", 1)[-1]
                if capture["status"] >= 400 and where in EXTRA_OF_ERRORS:
                    continue
                if kind in validate.WARN and kind != "unknown-key" or kind.startswith("request-") or kind == "unknown-key" and key in EXTRA:
                    continue
                findings[(kind, where, detail[:80])].append(place)
        for client in [name for _, name in CLIENTS]:
            with story.step(f"{client}: {counts[client]} answers recorded"):
                assert counts[client] > 20, f"only {counts[client]}: did its story run?"
        with story.step(f"{sum(counts.values())} answers fit the SDKs' models: no error, no unknown key"):
            told = [f"{kind} {where} {detail} x{len(places)} e.g. {places[0]}" for (kind, where, detail), places in sorted(findings.items())]
            assert not told, f"{len(told)} kinds of finding:\n  " + "\n  ".join(told[:60])
        if "--write" in sys.argv:
            write(rows, seen)
            rows = Rows()
        with story.step("every operation that is served was exercised by the clients that coverage.toml names, and by one at least"):
            wrong = []
            for n, row in enumerate(rows.rows):
                if row["status"] != "supported" or row["source"] in ("rsvault", "wire"):
                    continue
                named = set(row.get("clients", []))
                if not named and row["name"] in UNASKED:
                    continue
                if not named:
                    wrong.append(f"{row['name']} ({row['method']} {row['path']}): no client")
                elif not named <= seen[n]:
                    wrong.append(f"{row['name']}: {sorted(named - seen[n])} did not exercise it")
            assert not wrong, f"{len(wrong)} operations:\n  " + "\n  ".join(wrong)


def write(rows, seen):
    """Brings the rows' `clients` up to what was seen, leaving all else as it stands."""
    with open(COVERAGE) as file:
        parts = file.read().split("[[operation]]\n")
    for n, part in enumerate(parts[1:]):
        lines = [line for line in part.rstrip("\n").split("\n") if not line.startswith("clients = ")]
        while lines and not lines[-1]:
            lines.pop()
        if seen[n]:
            lines.append("clients = " + json.dumps(sorted(seen[n])))
        parts[n + 1] = "\n".join(lines) + "\n\n"
    with open(COVERAGE, "w") as file:
        file.write("[[operation]]\n".join(parts).rstrip("\n") + "\n")


main()
