"""Wrong requests, wrong commands, full and read-only disks: a clear error each, no 5xx for what a client can send,
nothing half-written."""
import os
import socket
import ssl
import subprocess

from story import equal, telling
from vault import BIN, SUB, Server, Vault

SET = "11111111-1111-1111-1111-111111111111"


def problem(answer, *statuses):
    """A problem+json or ARM error of one of these statuses, with words in it."""
    assert answer.status_code in statuses, f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text[:300]}, want {statuses}"
    body = answer.json()
    told = body.get("error", {}).get("message") or body.get("detail") or body.get("title")
    assert told, f"no words: {body}"
    return told


def raw(server, text, seconds=60):
    """Bytes on a TLS connection, as no client library would send them; the first line of the answer, or '' when closed."""
    context = ssl.create_default_context(cafile=server.ca)
    host, port = server.listen.split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(text)
        tls.settimeout(seconds)
        try:
            return tls.recv(4096).split(b"\r\n")[0].decode(errors="replace")
        except ConnectionError:
            return ""


def requests_story(story, server):
    vault = Vault(server, "badvault").create()
    with story.step("a body that is too large is refused"):
        # By its announced length, before it is sent: a server need not read what it will not take.
        head = f"PUT {vault.path}?api-version=2026-11-01 HTTP/1.1\r\nhost: localhost:1\r\nauthorization: Bearer {server.token()}\r\ncontent-type: application/json\r\n"
        line = raw(server, (head + "content-length: 80000000\r\n\r\n{").encode())
        assert " 413" in line or " 400" in line, line
    with story.step("a body that is no JSON, or of the wrong shape, is refused with its place"):
        head = {"Authorization": "Bearer " + server.token(), "Content-Type": "application/json"}
        url = server.base + vault.path + "?api-version=2026-11-01"
        problem(server.http.put(url, data="{", headers=head, timeout=30), 400)
        told = problem(server.http.put(url, data='{"location": 7}', headers=head, timeout=30), 400)
        assert "location" in told, told
    with story.step("api-version: missing or malformed is refused, any well-formed one is taken"):
        problem(server.call("GET", vault.path), 400)
        problem(server.call("GET", vault.path + "?api-version=latest"), 400)
        equal(server.call("GET", vault.path + "?api-version=2099-01-01-preview").status_code, 200, "status")
    with story.step("ids that are none: 400 or 404 with ARM bodies, never 5xx"):
        for path in ("/subscriptions/not-a-guid/resourceGroups/rg1", f"/subscriptions/{SUB}/resourceGroups/{'x' * 300}",
                     vault.path + "/backupJobs/%00", vault.path + "/backupFabrics/Azure/protectionContainers/nonsense",
                     vault.path + "/backupFabrics/Mars/protectionContainers/VMAppContainer%3BCompute%3Brg1%3Bsqlvm1",
                     vault.path + "/backupFabrics/Azure/protectionContainers/VMAppContainer%3BCompute%3Brg1%3Bsqlvm1/protectedItems/SQLDataBase%3Bonly"):
            problem(server.call("GET", path + "?api-version=2026-10-01"), 400, 404)
    with story.step("a refused request with a body does not spoil its connection"):
        for _ in range(30):
            problem(server.http.put(url, data='{"location": "x"}', timeout=30), 401)
    with story.step("a body for a route that wants none does not spoil its connection"):
        for _ in range(40):
            equal(server.call("POST", vault.path + "/backupFabrics/Azure/refreshContainers?api-version=2026-10-01", {"x": "y" * 20_000}).status_code, 202, "status")
    with story.step("agent surface: no credential and a wrong one are 401"):
        for token in (None, "nonsense", f"{SET}.secret"):
            # A refused body is not read, so the server ends the connection.
            head = {"Connection": "close", **({"Authorization": "Bearer " + token} if token else {})}
            answer = server.http.put(f"{server.base}/agent/v1/sets/{SET}/1/streams/0/chunks/0", data=b"x", headers=head, timeout=30)
            problem(answer, 401)
    with story.step("bytes that are no HTTP get an answer or an end, and the server lives"):
        for text in (b"\x00\x01\x02\x03\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 5000 + b"\r\n"):
            line = raw(server, text)
            assert " 5" not in line[8:11], line
        equal(server.call("GET", "/subscriptions?api-version=2022-12-01").status_code, 200, "status")
    with story.step("emulator surface: wrong servers are refused, naming the field"):
        spec = {"resourceGroup": "rg1", "location": "westeurope", "instances": [{"name": "I", "databases": [{"name": "tempdb"}]}]}
        told = problem(server.call("PUT", "/emulator/servers/x1", spec, token=False), 400, 422)
        assert "tempdb" in told, told
        problem(server.call("PUT", "/emulator/servers/x1", {"colour": "red"}, token=False), 400, 422)
        problem(server.call("GET", "/emulator/servers/nosuch", token=False), 404)


def without_emulator(story):
    with story.step("without --emulator there is no emulator surface and no sign-in"), Server(emulator=False) as server:
        for path in ("/emulator/servers", "/adfs/.well-known/openid-configuration", "/metadata/endpoints?api-version=2022-09-01"):
            problem(server.call("GET", path, token=False), 401, 404)
        server.stop()


def disks(story):
    with story.step("a read-only data folder: exit code and words, no ready line"):
        # root passes every permission bit: a file where the folder should be stands for it there
        with Server(at_once=False) as server:
            if os.getuid() == 0:
                open(server.data, "w").close()
            else:
                os.makedirs(server.data, mode=0o500)
            try:
                server.start(seconds=20)
            except RuntimeError as e:
                assert "ended with" in str(e) and server.data in str(e) and "panicked" not in str(e), str(e)
            else:
                raise AssertionError("it started")
    with story.step("a full disk: the backup fails with words, nothing is half-written, the next one succeeds with room"), Server(at_once=False) as server:
        full = os.path.join(server.home, "small")
        os.makedirs(full)
        mounted = os.getuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", full], capture_output=True).returncode == 0
        if not mounted:
            print("    (no right to mount a small disk: not played)")
            return
        try:
            server.words += ["--objects", "file:" + full]
            server.start()
            vault = Vault(server, "fullvault").create()
            vault.register()
            vault.protect()
            server.write("sqlvm1", "salesdb", pages=900, seed=3)
            job = vault.back_up(compress=False, seconds=240)
            equal(job["status"], "Failed", "job")
            told = str(job["errorDetails"]).lower()
            assert "full" in told or "space" in told, told
            equal([p["name"] for p in vault.points()], ["DefaultRangeRecoveryPoint"], "points")
            subprocess.run(["mount", "-o", "remount,size=128m", full], check=True)
            equal(vault.back_up(compress=False)["status"], "Completed", "job with room")
            server.stop()
        finally:
            server.kill()
            subprocess.run(["umount", "-l", full], capture_output=True)


def commands(story):
    def rsvault(*words):
        return subprocess.run([os.path.join(BIN, "rsvault"), *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    with story.step("wrong settings end with words and a code"):
        for words, hint in ((["serve", "--listen", "nonsense"], "listen"), (["serve", "--database", "mysql://x"], "database"),
                            (["serve", "--objects", "ftp:x"], "objects"), (["serve", "--listen", "0.0.0.0:0"], "public"),
                            (["serve", "--emulator", "--seed", "/no/such/file"], "seed"), (["dance"], "dance")):
            done = rsvault(*words)
            assert done.returncode in (2, 3), f"{words}: exit code {done.returncode}"
            assert hint in done.stderr.lower() and "panicked" not in done.stderr, f"{words}: {done.stderr}"


def main():
    with telling() as story:
        with Server() as server:
            requests_story(story, server)
            with story.step("the server ends on SIGTERM"):
                server.stop()
        without_emulator(story)
        disks(story)
        commands(story)


main()
