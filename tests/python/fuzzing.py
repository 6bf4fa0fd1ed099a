"""schemathesis over one OpenAPI document of a running server: what is sent, in which order, and what an answer must be.

Each operation gets four kinds of cases. `whole`: the ids of things that stand and a body that is right. `mixed`: the same ids, with parts
of the body taken from what schemathesis makes of the schema. `wrong`: the same ids, with bodies and queries that break the schema.
`strange`: everything made up, ids too, and once without credentials. All from one seed, so a run can be repeated."""
import collections
import contextlib
import copy
import random
import time
import warnings

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, strategies
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

load_all_checks()
NAMES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance", "response_headers_conformance")
RULES = [CHECKS.get_one(name) for name in NAMES]
KINDS = ("whole", "mixed", "wrong", "strange")


def mixed(good, made, dice):
    """`good` with some of its parts as in `made`."""
    if not isinstance(good, dict) or not isinstance(made, dict):
        return made if dice.random() < 0.3 else good
    both = {}
    for key in [*good, *(k for k in made if k not in good)]:
        if key not in made:
            if dice.random() < 0.9:
                both[key] = good[key]
        elif key in good:
            both[key] = mixed(good[key], made[key], dice)
        elif dice.random() < 0.25:
            both[key] = made[key]
    return both


class Document:
    """One of the three documents, and all that was found with it."""

    def __init__(self, server, name, world, credentials, seed):
        self.server, self.name, self.world, self.credentials, self.seed = server, name, world, credentials, seed
        raw = server.call("GET", f"/openapi/{name}.json", token=False).json()
        self.schema = schemathesis.openapi.from_dict(raw)
        self.schema.config.update(base_url=server.base)
        self.schema.config.generation.update(with_security_parameters=False)
        self.operations = [found.ok() for found in self.schema.get_all_operations()]
        self.cases = collections.Counter()
        self.hits, self.reached = collections.Counter(), collections.Counter()
        self.statuses, self.took = collections.Counter(), collections.Counter()
        self.failures, self.last = {}, {}

    def id_of(self, operation):
        return operation.definition.raw["operationId"]

    def sweep(self, kinds, operations, count):
        """Runs `count[kind]` cases of each kind over the operations, in their order."""
        for operation in operations:
            for kind in kinds:
                number = count[kind] if "requestBody" in operation.definition.raw or kind == "whole" else min(count[kind], 3)
                for good in self.world.requests(self.id_of(operation), operation) if kind != "strange" else [None]:
                    self.draw(operation, kind, good, number)

    def draw(self, operation, kind, good, count):
        modes = {"whole": [GenerationMode.POSITIVE], "mixed": [GenerationMode.POSITIVE], "wrong": [GenerationMode.NEGATIVE]}
        made = []
        for mode in modes.get(kind, list(GenerationMode)):
            if (strategy := self.strategy(operation, mode, good)) is not None:
                made.append(strategy)
        if not made or count < 1:
            return

        sent = []

        @hypothesis.seed(self.seed)
        @hypothesis.settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @hypothesis.given(strategies.one_of(made), strategies.integers(0, 2**32))
        def each(case, number):
            dice = random.Random(number)
            if good and good.body is not None and kind != "wrong":
                case.body = copy.deepcopy(good.body) if kind == "whole" else mixed(good.body, case.body, dice)
            self.send(case, kind, good, signed=kind != "strange" or len(sent) > 0)
            sent.append(case.id)
        with warnings.catch_warnings(), contextlib.suppress(hypothesis.errors.Unsatisfiable):
            warnings.simplefilter("ignore")
            each()

    def strategy(self, operation, mode, good):
        """Cases of this mode; None where the operation has nothing that could be wrong."""
        more = {}
        if good:
            more["path_parameters"] = good.path
            if mode.is_positive:
                more["query"] = good.query
        try:
            strategy = operation.as_strategy(generation_mode=mode, **more)
            return None if strategy.is_empty else strategy
        except schemathesis.errors.SchemathesisError:
            return None

    def send(self, case, kind, good, signed=True):
        operation = self.id_of(case.operation)
        if not self.world.tame(operation, case):
            return
        headers = {**(self.credentials if signed else {}), **(good.headers if good and kind in ("whole", "mixed") else {})}
        began = time.monotonic()
        answer = case.call(session=self.server.http, headers=headers, timeout=30, verify=self.server.ca)
        self.took[operation] += time.monotonic() - began
        self.cases[kind] += 1
        self.hits[operation] += 1
        self.statuses[answer.status_code] += 1
        self.reached[operation] += 200 <= answer.status_code < 300
        if kind == "whole":
            self.last[operation] = f"{answer.status_code} {answer.content[:300]!r}"
        try:
            case.validate_response(answer, checks=RULES)
            # `default` documents errors; what is none has to be told by its own number.
            told = case.operation.definition.raw["responses"]
            assert answer.status_code >= 400 or str(answer.status_code) in told, f"{answer.status_code} is not documented"
        except (FailureGroup, AssertionError) as found:
            for failure in getattr(found, "exceptions", [found]):
                self.note(operation, kind, answer, failure)

    def note(self, operation, kind, answer, failure):
        title = getattr(failure, "title", "") or type(failure).__name__
        what = (getattr(failure, "message", "") or str(failure)).strip().split("\n")
        key = (operation, title, answer.status_code, what[0])
        known = self.failures.setdefault(key, {"times": 0})
        known["times"] += 1
        if known["times"] == 1:
            sent = answer.request.body
            sent = sent.decode(errors="replace") if isinstance(sent, bytes) else sent
            known["first"] = f"{kind}: {answer.request.method} {answer.request.url}\n      sent {(sent or '')[:1500]}\n      got {answer.status_code} " \
                             f"{answer.headers.get('content-type')} {answer.content[:1500]!r}\n      {' / '.join(what)[:700]}"

    def told(self):
        """One line of figures."""
        return (f"{self.name}: {len(self.operations)} operations, {len(self.hits)} hit, {sum(1 for n in self.reached.values() if n)} answered with success; "
                f"{sum(self.cases.values())} cases ({', '.join(f'{k} {self.cases[k]}' for k in KINDS)}); "
                f"answers {dict(sorted(self.statuses.items()))}; {sum(f['times'] for f in self.failures.values())} failures of {len(self.failures)} kinds")

    def complaint(self):
        return "\n".join(f"{operation}: {title} ({status}), {found['times']} times\n      {found['first']}"
                         for (operation, title, status, _), found in self.failures.items())


