"""What the SDKs say and are told, recorded, and held against the SDKs' own contract (tests/contract)."""
import json
import os
import subprocess
import sys

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy

CONTRACT = os.path.join(os.path.dirname(__file__), "..", "contract")


class Recorder(SansIOHTTPPolicy):
    """Writes each answer as a line that validate.py reads."""

    def __init__(self, path):
        self.path, self.file, self.count = path, open(path, "w"), 0

    def on_response(self, request, response):
        sent, got = request.http_request, response.http_response
        got.read()
        body = self.parsed(got.text())
        path = "/" + sent.url.split("://", 1)[1].split("/", 1)[1]
        line = {"method": sent.method, "path": path, "status": got.status_code, "body": body, "headers": dict(got.headers)}
        if sent.content:
            line["request_body"] = self.parsed(sent.content if isinstance(sent.content, str) else sent.content.decode())
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        self.count += 1

    @staticmethod
    def parsed(text):
        try:
            return json.loads(text) if text else None
        except ValueError:
            return text

    def fits_contract(self, least):
        """All of at least so many answers fit the contract."""
        check = [sys.executable, os.path.join(CONTRACT, "validate.py"), os.path.join(CONTRACT, "openapi-oracle.json"), self.path]
        done = subprocess.run(check, capture_output=True, text=True, timeout=120)
        print(done.stdout[-6000:])
        assert done.returncode == 0 and self.count > least, f"{self.count} captures; see above {done.stderr[-500:]}"


def refused(call, code=None, status=None):
    """The call is refused; answers the error."""
    try:
        result = call()
        result = result.result() if hasattr(result, "result") else list(result) if hasattr(result, "by_page") else result
    except HttpResponseError as e:
        assert status is None or e.status_code == status, f"status {e.status_code}, want {status}: {e.message}"
        assert e.error and e.error.code and e.error.message, f"no ARM error body: {e.response.text()[:300]}"
        assert code is None or e.error.code == code, f"code {e.error.code}, want {code}"
        return e.error
    raise AssertionError(f"accepted (want {code or status}): {result}")
