"""A small project on disk, its genes, and recorded calls made by running it: all for real."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from pathlib import Path

from codegenesis import fragment
from codegenesis.evidence import baseline, case, run_gates, standard_gates
from codegenesis.model import Gene, Observation, Outcome, Variant
from codegenesis.wire import encode_call, encode_exception, encode_outcome

TARGET = '''
"""What the tests evolve."""

import logging
import random
import time
import uuid
from collections import namedtuple
from dataclasses import dataclass, field

from cg_evidence_helpers import announce, doubled

LIMIT = 1000
HITS = 0
SEEN = []
BANNED = ["spam", "eggs"]
DEFAULTS = ["plain"]
log = logging.getLogger(__name__)
Point = namedtuple("Point", "x y")


@dataclass
class Cart:
    owner: str
    lines: list = field(default_factory=list)

    def total(self):
        amount = 0
        for price, count in self.lines:
            amount += price * count
        return amount

    def add(self, price, count=1):
        self.lines.append((price, count))
        return len(self.lines)

    def render(self, title):
        self.text = ""
        for price, _count in self.lines:
            self.text += title
            self.text += str(price)
        return self.text


def unique(items):
    """Without repeats, in order of first appearance."""
    found = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def fee(amount, tier="basic"):
    if amount > LIMIT and tier == "gold":
        return amount - 7
    return amount


def ratio(a, b):
    return a / b


def mean(values):
    return sum(values) / len(values)


def tidy(values):
    values.sort()
    return values[0] if values else None


def label(order):
    if order["state"] == "lost" and order["days"] > 30:
        return "write off"
    return order["state"].title()


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def spin(n):
    total = 0
    while n > 0:
        total += n
        n -= 1
    return total


def clock(x):
    return x + time.time()


def dice(x):
    return x + random.random()


def receipt(items):
    total = 0
    for price in items:
        total += price
    return {"id": uuid.uuid4().hex, "at": time.time(), "total": total, "items": len(items)}


def ticket(name):
    return f"T-{random.randint(1000, 9999)}-{name.upper()}"


def labels(words):
    found = []
    for word in set(words):
        found.append(word.strip())
    return found


def sample(values):
    order = list(values)
    random.shuffle(order)
    return order


def hidden(text, n):
    if len(text) ** 3 % 8191 == 4097 and sum(map(ord, text)) % 127 == 5:
        n = n * 3 + 1
        if n > 100:
            n -= 100
        while n % 5 == 0:
            n += 7
        return n // 2
    return n


def largest(values):
    best = values[0]
    for value in values[1:]:
        if value > best:
            best = value
    return best


def counted(x):
    global HITS
    HITS += 1
    return x


def nth(x):
    SEEN.append(x)
    return len(SEEN)


def loud(x):
    print("loud", x)
    return x + 1


def logged(x):
    log.info("got %s", x)
    return x + 1


def noisy_helper(x):
    return announce(x)


def quiet_helper(x):
    return doubled(x)


def settings(x):
    return DEFAULTS if x else []


def far(point):
    return Point(point.x + 1, point.y)


def accepted(words):
    return [word for word in words if word not in BANNED]


def ban(word):
    BANNED.append(word)
'''

HELPERS = """
def announce(x):
    print("helper", x)
    return x


def doubled(x):
    return 2 * x
"""


def write_project(directory: Path) -> Path:
    (directory / "cg_evidence_target.py").write_text(TARGET)
    (directory / "cg_evidence_helpers.py").write_text(HELPERS)
    return directory


class Bench:
    """Genes, observations and variants of the project, and a sandbox around it."""

    def __init__(self, directory: Path, sandbox) -> None:
        self.directory, self.sandbox = directory, sandbox
        self.path = directory / "cg_evidence_target.py"
        self.module = _imported(directory)

    def gene(self, qualname: str) -> Gene:
        found = fragment.find(self.path.read_text(), qualname)
        return Gene(
            service="test",
            module="cg_evidence_target",
            qualname=qualname,
            kind="method" if "." in qualname else "function",
            path=str(self.path),
            root=str(self.directory),
            line=found.line,
            source=found.source,
        )

    def observe(self, qualname: str, *calls: tuple) -> list[Observation]:
        """Run the function here, as an application would, and record it."""
        gene, function = self.gene(qualname), self.module
        for part in qualname.split("."):
            function = getattr(function, part)
        return [_observation(gene, function, args) for args in calls]

    def baseline(self, qualname: str, *calls: tuple):
        return baseline(self.gene(qualname), self.sandbox, self.observe(qualname, *calls))

    def case(self, qualname: str, *calls: tuple, **options):
        original = self.baseline(qualname, *calls)
        assert original.usable, original.reason
        options = {"fresh": 100, "seed": 7, **options}
        return case(self.gene(qualname), self.sandbox, original, **options)

    def variant(self, qualname: str, source: str) -> Variant:
        gene = self.gene(qualname)
        source = textwrap.dedent(source).lstrip("\n")
        return Variant(gene=gene.id, base=gene.base, source=source, operator="test")

    def death(self, case, source: str) -> tuple[str, str]:
        """(gate of death, its detail); ("", "") for a variant that survives all gates."""
        trials = run_gates(standard_gates(), self.variant(case.gene.qualname, source), case)
        last = trials[-1]
        return (last.gate, last.detail) if last.verdict == "failed" else ("", "")


def _observation(gene: Gene, function, args: tuple) -> Observation:
    call = encode_call(args, {})
    try:
        kind, value = "returned", encode_outcome(function(*args), args, {})[0]
    except Exception as error:
        kind, value = "raised", encode_exception(error)
    outcome = Outcome(kind=kind, value=value, after=encode_call(args, {}))
    return Observation(
        gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1, call=call, outcome=outcome
    )


def _imported(directory: Path):
    sys.path.insert(0, str(directory))
    try:
        spec = importlib.util.spec_from_file_location(
            "cg_evidence_target", directory / "cg_evidence_target.py"
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(directory))
