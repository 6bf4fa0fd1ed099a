"""The official JavaScript SDKs play the SQL story (tests/js/story.mjs) against a running vault; its lines are passed through."""
import os
import shutil
import subprocess
import sys

from vault import GROUP, SUB, Server

HERE = os.path.dirname(os.path.abspath(__file__))
STORY = os.path.join(HERE, "..", "js", "story.mjs")


def main():
    seed = os.path.join(HERE, "seed.yaml")
    with Server("--seed", seed) as server:
        # Modules are looked for from where a program lies: it runs beside those that were installed, not in the clone.
        program = os.path.join(os.environ["RSVAULT_NODE"], "story.mjs")
        shutil.copyfile(STORY, program)
        told = {"BASE": server.base, "TOKEN": server.token(), "SUB": SUB, "GROUP": GROUP, "NODE_EXTRA_CA_CERTS": server.ca}
        code = subprocess.run(["node", program], env={**os.environ, **told}, timeout=240, stdin=subprocess.DEVNULL).returncode
        server.stop()
    sys.exit(code)


main()
