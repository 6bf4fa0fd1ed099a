"""The first command of the README: the main job, on embedded defaults and with the catalogue in PostgreSQL."""
import json
import os
import subprocess
import tempfile

from story import equal, telling
from vault import BIN, new_database


def demo(*words, data=None):
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        command = [os.path.join(BIN, "rsvault"), "demo", "--size-mib", "32", "--data", data or folder, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)


def main():
    with telling() as story:
        with story.step("demo plays the main job and ends with 0"):
            done = demo()
            equal(done.returncode, 0, f"exit code\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
            print(done.stdout[-2500:])
        with story.step("demo with the catalogue in PostgreSQL; the result as JSON"):
            done = demo("--json", "--database", new_database())
            equal(done.returncode, 0, f"exit code\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
            assert json.loads(done.stdout), "no result"
        with story.step("demo on a folder that cannot be: another code and words"):
            done = demo(data="/dev/null/no")
            assert done.returncode != 0 and "/dev/null/no" in done.stderr and "panicked" not in done.stderr, done.stderr


main()
