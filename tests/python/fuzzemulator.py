"""What emulator.json is asked about: two simulated servers and an availability group of their own."""
import re

from fuzzworld import Request
from vault import GROUP, LOCATION, TENANT

ONE, TWO, GROUP_NAME = "toy1", "toy2", "toys"
FORM = {"grant_type": "client_credentials", "client_id": "rsvault", "client_secret": "rsvault"}
HOUR = 3600


def server(databases):
    return {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": databases}]}


class EmulatorWorld:
    never = ()

    def __init__(self, server):
        self.server = server
        self.specs = {ONE: None, TWO: None}

    def build(self):
        self.specs = {ONE: server([{"name": "toydb", "sizeMiB": 1}]), TWO: server([])}
        for name, spec in self.specs.items():
            self.server.emulator_call("PUT", f"/servers/{name}", spec)
        self.group = {"replicas": [{"server": ONE}, {"server": TWO}], "primary": ONE, "databases": [{"name": "shared", "sizeMiB": 1}]}
        self.server.emulator_call("PUT", f"/availabilityGroups/{GROUP_NAME}", self.group)

    def requests(self, name, operation):
        if name in ("SignIn_AdfsToken", "SignIn_Token"):
            form = FORM | {"scope": self.server.base + "/.default"}
            return [Request({"tenant": TENANT} if name == "SignIn_Token" else {}, body=form)]
        if "{tenant}" in operation.path:
            return [Request({"tenant": TENANT})]
        group, toy = {"name": GROUP_NAME}, {"name": ONE}
        at = {"instance": "MSSQLSERVER", "database": "toydb"}
        return [{
            "AvailabilityGroups_Get": Request(group),
            "AvailabilityGroups_Put": Request(group, body=self.group),
            "AvailabilityGroups_Delete": Request(group),
            "AvailabilityGroups_Failover": Request(group, body={"to": TWO}),
            "Clock_Put": Request({}, body={"frozen": False, "scale": 1.0}),
            "Clock_Advance": Request({}, body={"by": 60}),
            "Faults_Get": Request({"code": "UserErrorSQLNoSysadminMembership"}),
            "Servers_Get": Request(toy),
            "Servers_Put": Request({"name": "toy3"}, body=server([])),
            "Servers_Delete": Request(toy),
            "Servers_Checksum": Request(toy, at),
            "Servers_CreateEnrollmentToken": Request(toy),
            "Servers_ForeignBackup": Request(toy | at, body={"kind": "Full"}),
            "Servers_Reboot": Request(toy),
            "Servers_Write": Request(toy, body={**at, "pages": 3, "seed": 1}),
        }.get(name, Request({}))]

    def tame(self, name, case):
        """Virtual time is walked timer by timer, so years of it would be a story of their own: the clock is moved by an hour at most."""
        body = case.body if isinstance(case.body, dict) else {}
        if name == "Clock_Put":
            scale = body.get("scale")
            return not far(body.get("now")) and not (isinstance(scale, (int, float)) and scale > 60)
        if name == "Clock_Advance":
            return not far(body.get("to")) and not far(body.get("by"))
        return True

    def stands(self):
        self.server.emulator_call("GET", f"/servers/{ONE}", want=(200,))


def far(moment):
    """Whether a moment or a span may be more than an hour away."""
    if isinstance(moment, (int, float)):
        return moment > HOUR
    return isinstance(moment, str) and bool(re.match(r"^\s*[+-]?\d{4,}-|^\s*[+-]?P", moment, re.IGNORECASE))
