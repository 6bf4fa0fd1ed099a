"""The checked-in OpenAPI documents: valid, and good enough for two client generators. The Python client that one of them
makes then does a real call."""
import glob
import json
import os
import subprocess
import sys

from openapi_spec_validator import validate

from story import equal, telling
from vault import SUB, Server

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
VENV = os.path.dirname(sys.executable)
ENV = {**os.environ, "PATH": VENV + os.pathsep + os.environ["PATH"]}
ENV.pop("PYTHONPATH", None)


def run(words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, env=ENV, stdin=subprocess.DEVNULL, **more)
    assert done.returncode == 0, f"{' '.join(words[:3])}: {(done.stdout + done.stderr)[-1500:]}"
    return done.stdout + done.stderr


def real_call(server, folder):
    """Uses the generated package in a process of its own: one list of vaults with a token, typed."""
    package = next(d for d in os.listdir(folder) if os.path.isdir(os.path.join(folder, d)) and os.path.exists(os.path.join(folder, d, "client.py")))
    listing = [f for f in glob.glob(os.path.join(folder, package, "api", "*", "*.py")) if "list_by_subscription_id" in f and "vault" in f.lower()]
    assert listing, "the client has no list of vaults"
    module = os.path.relpath(listing[0], folder)[:-3].replace(os.sep, ".")
    code = f"""
import ssl, {package}.client as c, {module} as m
client = c.AuthenticatedClient(base_url={server.base!r}, token={server.token()!r}, verify_ssl=ssl.create_default_context(cafile={server.ca!r}))
import inspect
names = list(inspect.signature(m.sync_detailed).parameters)
given = {{"subscription_id": {SUB!r}, "api_version": "2026-11-01"}}
answer = m.sync_detailed(**{{n: given[n] for n in names if n in given}}, client=client)
assert answer.status_code == 200 and answer.parsed is not None, answer
print("typed answer", type(answer.parsed).__name__)
"""
    return run([sys.executable, "-c", code], cwd=folder)


def main():
    with telling() as story, Server() as server:
        for name in ("arm", "agent", "emulator"):
            path = os.path.join(ROOT, "openapi", name + ".json")
            with story.step(f"{name}.json is a valid OpenAPI document with operation ids"):
                document = json.load(open(path))
                validate(document)
                operations = [o for verbs in document["paths"].values() for v, o in verbs.items() if v in ("get", "put", "post", "patch", "delete", "head")]
                ids = [o.get("operationId") for o in operations]
                assert len(ids) > 3 and all(ids) and len(set(ids)) == len(ids), f"{len(ids)} operations, missing or repeated ids"
            with story.step(f"{name}.json is what the server serves"):
                equal(server.call("GET", f"/openapi/{name}.json", token=False).json(), document, "document")
            with story.step(f"{name}.json: openapi-python-client generates"):
                out = os.path.join(server.home, "python-" + name)
                said = run([os.path.join(VENV, "openapi-python-client"), "generate", "--path", path, "--output-path", out, "--meta", "poetry"])
                assert "WARNING" not in said or "Unable to parse" not in said, said[-1500:]
            with story.step(f"{name}.json: openapi-generator generates"):
                out = os.path.join(server.home, "generator-" + name)
                run([os.path.join(VENV, "openapi-generator-cli"), "generate", "-i", path, "-g", "python", "-o", out])
                assert glob.glob(os.path.join(out, "**", "api_client.py"), recursive=True), "no client came of it"
        with story.step("the generated Python client does a real call"):
            print(real_call(server, os.path.join(server.home, "python-arm")))


main()
