"""The `rsvault-agent` binary as a process of its own, enrolled with a one-time token."""
import os
import signal
import subprocess

from vault import BIN, GROUP, LOCATION


class Agent:
    def __init__(self, server, name, config):
        self.server, self.name = server, name
        self.state = os.path.join(server.home, "agent-" + name)
        self.config = os.path.join(server.home, f"agent-{name}.toml")
        self.process = None
        with open(self.config, "w") as f:
            f.write(config)

    def enroll(self):
        words = [os.path.join(BIN, "rsvault"), "token", "create", "--server", self.name, "--resource-group", GROUP, "--location", LOCATION,
                 "--data", self.server.data, *self.server.words]
        made = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, f"token create: {made.stderr}"
        self.token = made.stdout.strip().splitlines()[-1].split()[-1]
        return self.use(self.token)

    def use(self, token, state=None):
        words = [os.path.join(BIN, "rsvault-agent"), "enroll", "--vault-url", self.server.base, "--ca", self.server.ca, "--state", state or self.state]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, env={**os.environ, "RSVAULT_TOKEN": token})

    def start(self):
        words = [os.path.join(BIN, "rsvault-agent"), "run", "--state", self.state, "--config", self.config]
        self.log = open(os.path.join(self.server.home, f"agent-{self.name}.log"), "ab")
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        return self

    def last_words(self):
        with open(self.log.name, errors="replace") as f:
            return "".join(f.readlines()[-15:])

    def stop(self, seconds=20):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        assert code == 0, f"agent: SIGTERM gives {code}\n{self.last_words()}"

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
