"""The unmodified Azure CLI with a configuration folder of its own; it counts what was run and what went as wanted."""
import json
import os
import subprocess

from vault import TENANT


class Az:
    """`old`: the CLI 2.90."""
    all = []

    def __init__(self, server, name="az", old=False):
        self.version = "2.90" if old else "2.91"
        self.program = os.environ["RSVAULT_AZ290" if old else "RSVAULT_AZ"]
        self.ran = self.passed = 0
        home = os.path.join(server.home, name + self.version)
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "PYTHON"))},
            "AZURE_CONFIG_DIR": home, "HOME": home, "REQUESTS_CA_BUNDLE": server.ca, "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "1", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", "AZURE_CORE_NO_COLOR": "1",
        }
        os.makedirs(home, exist_ok=True)
        Az.all.append(self)

    def __call__(self, *words, rc=0, out="json"):
        """Runs `az words`; the parsed answer, or the text when `out` is not json or a failure was wanted (`rc` None: any)."""
        self.ran += 1
        done = subprocess.run([self.program, *words, "-o", out], env=self.env, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode if rc is None else done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        self.passed += 1
        if rc != 0 or out != "json":
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def sign_in(self, base, client="rsvault", secret="rsvault"):
        self("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", base)
        self("cloud", "set", "-n", "Vault")
        self("login", "--service-principal", "-u", client, "-p", secret, "--tenant", TENANT)
        return self


def told():
    """The line that says how many commands went as wanted, of each version."""
    for version in sorted({az.version for az in Az.all}, reverse=True):
        of = [az for az in Az.all if az.version == version]
        print(f"az {version} commands: {sum(az.passed for az in of)} as wanted of {sum(az.ran for az in of)} run")
