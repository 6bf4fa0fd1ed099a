"""A story: named steps played in order. Each prints how it went; the last line counts them."""
import contextlib
import sys
import time
import traceback


class Story:
    def __init__(self):
        self.passed = self.failed = 0

    @contextlib.contextmanager
    def step(self, name):
        """One rule that holds or not. What goes wrong inside fails the step, not the story."""
        began = time.monotonic()
        try:
            yield
        except Exception as e:
            self.failed += 1
            print(f"FAIL - {name} ({time.monotonic() - began:.1f} s): {e or type(e).__name__}")
            if not isinstance(e, (AssertionError, RuntimeError, KeyError)):
                traceback.print_exc(limit=-3, file=sys.stdout)
        else:
            self.passed += 1
            print(f"ok - {name} ({time.monotonic() - began:.1f} s)")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


@contextlib.contextmanager
def telling():
    """The whole story: however it ends, the closing line is printed."""
    story = Story()
    try:
        yield story
    except Exception as e:
        story.failed += 1
        print(f"FAIL - the story could not go on: {e or type(e).__name__}")
        traceback.print_exc(limit=-4, file=sys.stdout)
    story.close()


def equal(got, want, what=""):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def until(ask, what, seconds=60, pause=0.2):
    """Asks until the answer is true; a bounded wait."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(pause)
