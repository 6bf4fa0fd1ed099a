"""Derived from the generated ARM document: every operation of every route asks for a token, and lets each role do what the
matrix says (rights.toml) and nothing else. A route that someone adds is tested here from its first day."""
import json
import os
import re
import tomllib

from story import equal, telling
from vault import GROUP, LOCATION, SUB, Server

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "..", "..", "openapi", "arm.json")
# What a client must reach before it has a token: discovery, token end points, cloud metadata.
PUBLIC = re.compile(r"/(adfs|\{tenant\w*\}|metadata)/.*|/\.well-known/.*", re.I)
# Tenant-wide reads that answer with what the caller may see, so nobody is refused them.
OWN_VIEW = re.compile(r"/(subscriptions|tenants|subscriptions/\{\w+\}|providers/Microsoft\.RecoveryServices/operations|providers/Microsoft\.ResourceGraph/resources)/?$", re.I)
VERBS = ("get", "put", "post", "patch", "delete", "head")
NAMES = {"subscription": SUB, "resourcegroup": GROUP, "vault": "v1", "fabric": "Azure", "location": LOCATION,
         "container": "VMAppContainer%3BCompute%3Brg1%3Bsqlvm1", "item": "SQLDataBase%3BMSSQLSERVER%3Bsalesdb"}


def filled(template):
    def name(found):
        key = found[1].lower().replace("_", "")
        return next((v for k, v in NAMES.items() if k in key), "00000000-0000-0000-0000-0000000000ff")
    return re.sub(r"\{(\w+)\}", name, template)


def nameless(template):
    return re.sub(r"\{\w+\}", "{}", template).lower().rstrip("/")


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
        stranger = server.token("stranger", "stranger-secret")
        for verb, template, name in private:
            if not OWN_VIEW.match(template):
                with story.step(f"{name}: one who has no role here is 403"):
                    refused(ask(verb, template, stranger), 403, name)
        with open(os.path.join(HERE, "rights.toml"), "rb") as file:
            table = tomllib.load(file)
        rights = {action.lower(): may for part in table.values() for action, may in part.items()}
        with open(os.path.join(HERE, "..", "..", "openapi", "coverage.toml"), "rb") as file:
            actions = {(row["method"], nameless(row["path"])): row.get("action") for row in tomllib.load(file)["operation"]}
        roles = [(role, server.token(role, f"{role}-secret")) for role in ("contributor", "operator", "reader")]
        for verb, template, name in private:
            if OWN_VIEW.match(template):
                continue
            with story.step(f"{name}: Contributor, Operator and Reader may what the matrix says"):
                action = actions[verb, nameless(template)]
                may = rights[action.lower()]
                for (role, token), allowed in zip(roles, may, strict=True):
                    answer = ask(verb, template, token)
                    if allowed == "y":
                        assert answer.status_code not in (401, 403) and answer.status_code < 500, f"{role} ({action}): {answer.status_code} {answer.text[:200]}"
                    else:
                        refused(answer, 403, f"{role} ({action})")
        server.stop()


main()
