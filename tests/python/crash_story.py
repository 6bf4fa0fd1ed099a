"""kill -9 of server and agent in mid-stream: nothing acknowledged is lost, nothing stays stuck, garbage is collected, and
damaged bytes are never delivered."""
import os

from agentprocess import Agent
from story import equal, telling, until
from vault import GROUP, LOCATION, Server, Vault

BIG = 96
# Seconds of the vault's clock: a command's lease; what a dead set's objects are left alone for.
LEASE, GRACE = 31, 80


def objects(server):
    root = os.path.join(server.data, "objects")
    return [os.path.join(d, f) for d, _, files in os.walk(root) for f in files]


def chunks(server):
    return [o for o in objects(server) if os.path.basename(o).isdigit()]


def uncommitted(server):
    """Chunk files of generations without a manifest: garbage by definition."""
    return [c for c in chunks(server) if not os.path.exists(os.path.join(os.path.dirname(os.path.dirname(c)), "manifest.json"))]


def in_stream(server, known):
    """Waits until a new backup has durable chunks, but is not over."""
    until(lambda: len(set(chunks(server)) - known) >= 2, "the first chunks", 60, pause=0.02)


def main():
    with telling() as story, Server() as server:
        spec = {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [{"name": "bigdb", "sizeMiB": BIG}]}]}
        server.emulator_call("PUT", "/servers/bigvm", spec)
        vault = Vault(server, "crashvault").create()
        vault.register("bigvm")
        vault.protect("bigdb", "bigvm")
        sums = {}

        with story.step("a first backup"):
            sums["first"] = server.checksum("bigvm", "bigdb")
            equal(vault.back_up("bigdb", "bigvm")["status"], "Completed", "job")
            sums["point"] = vault.points("bigdb", "bigvm")[0]["name"]
        server_killed(story, server, vault, sums)
        agent_killed(story, server, vault)
        damaged(story, server, vault, sums)
        with story.step("the server ends on SIGTERM"):
            server.stop()


def later(server, seconds):
    """The emulator's clock goes on; what waits for it need not be waited for."""
    server.emulator_call("POST", "/clock/advance", {"by": seconds}, timeout=240)


def collected(server):
    """Nothing under way is garbage; what is goes once its time has come."""
    print(f"    ({len(uncommitted(server))} files to collect)")
    later(server, GRACE)
    until(lambda: not uncommitted(server), f"collection; left {len(uncommitted(server))} files", 60)


def server_killed(story, server, vault, sums):
    job = None
    with story.step("kill -9 of the server in mid-stream; it starts again over the same data"):
        server.write("bigvm", "bigdb", pages=500, seed=21)
        known = set(chunks(server))
        answer = vault.trigger("bigdb", "bigvm")
        in_stream(server, known)
        server.kill()
        server.start()
        job = answer.headers["Azure-AsyncOperation"]
    with story.step("the interrupted job ends in bounded time, here of the real clock"):
        status = until(lambda: (s := server.call("GET", job).json())["status"] != "InProgress" and s, "operation", 60)
        ended = server.job(vault.path, status["properties"]["jobId"], 240)["properties"]
        assert ended["status"] in ("Completed", "Failed"), ended["status"]
        assert ended["status"] == "Completed" or ended["errorDetails"], "failed without a reason"
    with story.step("what was acknowledged is there: point and bytes of the first backup"):
        assert sums["point"] in [p["name"] for p in vault.points("bigdb", "bigvm")], "the point is gone"
    with story.step("the next backup succeeds, and restores to its own checksum"):
        want = server.checksum("bigvm", "bigdb")
        equal(vault.back_up("bigdb", "bigvm")["status"], "Completed", "job")
        point = vault.points("bigdb", "bigvm")[0]["name"]
        server.write("bigvm", "bigdb", pages=100, seed=22)
        _, restored = server.finish(vault.restore_original(point, "bigdb", "bigvm"))
        equal(restored["properties"]["status"], "Completed", f"job {restored['properties'].get('errorDetails')}")
        equal(server.checksum("bigvm", "bigdb"), want, "checksum")
    with story.step("the first backup still restores to its checksum"):
        _, restored = server.finish(vault.restore_original(sums["point"], "bigdb", "bigvm"))
        equal(restored["properties"]["status"], "Completed", f"job {restored['properties'].get('errorDetails')}")
        equal(server.checksum("bigvm", "bigdb"), sums["first"], "checksum")
    with story.step("no garbage stays in the object store"):
        collected(server)


def agent_killed(story, server, vault):
    spec = '{ resourceGroup = "%s", location = "%s", instances = [{ name = "MSSQLSERVER", databases = [{ name = "farbig", sizeMiB = %d }] }] }' % (GROUP, LOCATION, BIG)
    agent = Agent(server, "farvm", f'[simulated]\nroot = "{server.home}/far"\nname = "farvm"\nspec = {spec}\n')
    try:
        with story.step("an agent process of its own, registered and protected"):
            done = agent.enroll()
            equal(done.returncode, 0, done.stderr)
            agent.start()
            vault.register("farvm")

            def found():
                listed = server.arm("GET", f"{vault.path}/backupProtectableItems?$filter=backupManagementType eq 'AzureWorkload' and workloadType eq 'SQLDataBase'")
                return [i for i in listed.json()["value"] if i["properties"]["friendlyName"] == "farbig"]
            until(found, "discovery")
            vault.protect("farbig", "farvm")
        answer = None
        with story.step("kill -9 of the agent in mid-stream; it starts again"):
            known = set(chunks(server))
            answer = vault.trigger("farbig", "farvm")
            in_stream(server, known)
            agent.kill()
            agent.start()
        with story.step("the interrupted job ends in bounded time"):
            later(server, LEASE)
            _, ended = server.finish(answer, 120)
            assert ended["properties"]["status"] in ("Completed", "Failed"), ended["properties"]["status"]
        with story.step("the next backup succeeds"):
            equal(vault.back_up("farbig", "farvm")["status"], "Completed", "job")
        with story.step("no garbage stays in the object store"):
            collected(server)
            agent.stop()
    finally:
        agent.kill()


def damaged(story, server, vault, sums):
    with story.step("a flipped byte in a stored chunk fails the restore, names the chunk, delivers nothing"):
        before = server.checksum("bigvm", "bigdb")
        equal(vault.back_up("bigdb", "bigvm")["status"], "Completed", "job")
        point = vault.points("bigdb", "bigvm")[0]["name"]
        newest = max(chunks(server), key=os.path.getmtime)
        with open(newest, "r+b") as f:
            f.seek(os.path.getsize(newest) // 2)
            byte = f.read(1)
            f.seek(-1, os.SEEK_CUR)
            f.write(bytes([byte[0] ^ 1]))
        _, restored = server.finish(vault.restore_original(point, "bigdb", "bigvm"))
        props = restored["properties"]
        equal(props["status"], "Failed", "job")
        told = str(props["errorDetails"])
        assert "chunk" in told.lower() and str(int(os.path.basename(newest))) in told, told
        equal(server.checksum("bigvm", "bigdb"), before, "the database is as it was")
    with story.step("an undamaged point still restores"):
        _, restored = server.finish(vault.restore_original(sums["point"], "bigdb", "bigvm"))
        equal(restored["properties"]["status"], "Completed", "job")
        equal(server.checksum("bigvm", "bigdb"), sums["first"], "checksum")


main()
