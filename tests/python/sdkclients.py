"""The official Python SDKs, pointed at a running vault."""
import time

from azure.core.credentials import AccessToken
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from vault import SUB


class Static:
    """A credential that always has this token."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **more):
        return AccessToken(self.token, int(time.time()) + 3600)


def clients(server, recorder, token):
    more = {"base_url": server.base, "credential_scopes": [server.base + "/.default"], "connection_verify": server.ca,
            "per_retry_policies": [recorder] if recorder else []}
    return RecoveryServicesClient(Static(token), SUB, **more), RecoveryServicesBackupClient(Static(token), SUB, **more)


def kept(raw, _body, _headers):
    """A `cls` for calls without a poller: the answer with its headers."""
    return raw.http_response.status_code, {k.lower(): v for k, v in raw.http_response.headers.items()}
