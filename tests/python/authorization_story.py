"""Derived from the generated ARM document: every operation of every route asks for a token, and asks what its bearer may do.
A route that someone adds is tested here from its first day."""
import json
import os
import re

from story import equal, telling
from vault import GROUP, LOCATION, SUB, Server

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "..", "..", "openapi", "arm.json")
# What a client must reach before it has a token: discovery, token end points, cloud metadata.
PUBLIC = re.compile(r"/(adfs|\{tenant\w*\}|metadata)/.*|/\.well-known/.*", re.I)
# Tenant-wide reads that answer with what the caller may see, so nobody is refused them.
OWN_VIEW = re.compile(r"/(subscriptions|tenants|subscriptions/\{\w+\}|providers/Microsoft\.RecoveryServices/operations)/?$", re.I)
VERBS = ("get", "put", "post", "patch", "delete", "head")
NAMES = {"subscription": SUB, "resourcegroup": GROUP, "vault": "v1", "fabric": "Azure", "location": LOCATION,
         "container": "VMAppContainer%3BCompute%3Brg1%3Bsqlvm1", "item": "SQLDataBase%3BMSSQLSERVER%3Bsalesdb"}


def filled(template):
    def name(found):
        key = found[1].lower().replace("_", "")
        return next((v for k, v in NAMES.items() if k in key), "00000000-0000-0000-0000-0000000000ff")
    return re.sub(r"\{(\w+)\}", name, template)


def main():
    with telling() as story, Server("--seed", os.path.join(HERE, "seed.yaml")) as server:
        paths = json.load(open(DOCUMENT))["paths"]
        operations = [(v.upper(), p, o.get("operationId", "?")) for p, verbs in paths.items() for v, o in verbs.items() if v in VERBS]
        private = [o for o in operations if not PUBLIC.match(o[1])]
        assert len(private) > 30, f"only {len(private)} operations in {DOCUMENT}"
        sent = {"PUT": {}, "POST": {}, "PATCH": {}}

        def ask(verb, template, token):
            url = filled(template) + "?api-version=2026-10-01"
            head = {"Authorization": "Bearer " + token} if token else {}
            return server.call(verb, url, sent.get(verb), token=False, headers=head)

        def refused(answer, status, name):
            equal(answer.status_code, status, name)
            if answer.request.method != "HEAD":
                error = answer.json()["error"]
                assert error["code"] and error["message"], f"{name}: {error}"

        for verb, template, name in private:
            with story.step(f"{name}: no token is 401"):
                answer = ask(verb, template, None)
                refused(answer, 401, name)
                assert "bearer" in answer.headers.get("WWW-Authenticate", "").lower(), f"{name}: no WWW-Authenticate"
        stranger, reader = server.token("stranger", "stranger-secret"), server.token("reader", "reader-secret")
        for verb, template, name in private:
            if not OWN_VIEW.match(template):
                with story.step(f"{name}: one who has no role here is 403"):
                    refused(ask(verb, template, stranger), 403, name)
        for verb, template, name in private:
            if verb in ("PUT", "PATCH", "DELETE"):
                with story.step(f"{name}: a Backup Reader is 403"):
                    refused(ask(verb, template, reader), 403, name)
        server.stop()


main()
