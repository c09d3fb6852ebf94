"""Real builds in the workshop, through the gates: right ones are proven, wrong ones die."""

import importlib.util
import shutil
import sys

import pytest

from codegenesis.compiler.native import Built, build_variants, missing_for
from codegenesis.compiler.native import build as building
from codegenesis.compiler.native.foundry import cast
from codegenesis.compiler.native.program import UnsuitableError
from codegenesis.compiler.workload import remembers
from codegenesis.errors import SandboxUnavailableError
from codegenesis.evidence import baseline, case, run_gates, standard_gates, survived
from codegenesis.model import Observation, Variant
from codegenesis.sandbox import Environment, Limits, Sandbox, Workshop
from codegenesis.wire import encode_call

from .conftest import gene_of

TARGET = '''
import math


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def length(self):
        return math.sqrt(self.x * self.x + self.y * self.y)


LIMIT = 7


def fib(n):
    """Fibonacci's numbers."""
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def shift(values, by):
    for i in range(len(values)):
        values[i] = values[i] + by
    return values[0], values


def paths(n):
    total = 0
    points = [Point(i * 0.5, i + 1.0) for i in range(n)]
    for p in points:
        if p.length() > LIMIT:
            total += p.length()
    return total


def at(values, i):
    return values[i]


def busy(n):
    total = 0
    for i in range(n):
        for j in range(20):
            total += i % 7 * j
    return total
'''


class Foundry:
    """One project, its artifacts, a sandbox that sees them, and the workshop."""

    def __init__(self, home, sandbox):
        self.path, self.artifacts = home / "cg_native_target.py", home / "artifacts"
        self.sandbox, self.workshop = sandbox, Workshop()

    def gene(self, name):
        return gene_of(self.path, name)

    def build(self, name, *args, backends=("cython",)):
        return build_variants(
            self.gene(name),
            [encode_call(each, {}) for each in args],
            artifacts=self.artifacts,
            workshop=self.workshop,
            backends=backends,
            executor=self.sandbox,
        )

    def case(self, name, *args):
        gene = self.gene(name)
        seen = [
            Observation(
                gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1, call=encode_call(each, {})
            )
            for each in args
        ]
        return case(gene, self.sandbox, baseline(gene, self.sandbox, seen), fresh=60)

    def outcomes(self, name, source, *args):
        """What a fragment makes of calls: (kind, value, arguments as they were left)."""
        with self.sandbox.candidate(name, source) as candidate:
            answers = [candidate.call(encode_call(each, {})) for each in args]
        return [(a.kind, a.value, a.after) for a in answers]


@pytest.fixture(scope="module")
def foundry(tmp_path_factory):
    if shutil.which("cc") is None or importlib.util.find_spec("Cython") is None:
        pytest.skip("there is no C compiler, or no Cython")
    home = tmp_path_factory.mktemp("native")
    (home / "cg_native_target.py").write_text(TARGET)
    (home / "artifacts").mkdir()
    environment = Environment(
        root=str(home),
        module="cg_native_target",
        path=str(home / "cg_native_target.py"),
        artifacts=str(home / "artifacts"),
    )
    try:
        sandbox = Sandbox(environment, limits=Limits(cpu_s=2.0, setup_s=10.0, wall_s=30.0))
    except SandboxUnavailableError as error:
        pytest.skip(f"{error} ({error.remedy})")
    with sandbox:
        yield Foundry(home, sandbox)


def only(built):
    assert (built.missing, built.failed) == ((), ())
    (variant,) = built.variants
    return variant


def same(foundry, name, source, *args):
    """Does the fragment do what the function does, exactly?"""
    assert foundry.outcomes(name, source, *args) == foundry.outcomes(name, None, *args)


@pytest.fixture(scope="module")
def fib(foundry):
    return only(foundry.build("fib", *[(n,) for n in range(9)]))


def test_a_typed_build_survives_the_gates(foundry, fib):
    assert (fib.backend, fib.operator) == ("cython", "native_cython")
    assert "Cython" in fib.hypothesis
    assert fib.risk
    assert survived(
        run_gates(standard_gates(), fib, foundry.case("fib", *[(n,) for n in range(9)]))
    )
    assert not remembers(fib.source)


def test_outside_the_types_seen_the_python_body_runs(foundry, fib):
    odd = [(2.5,), (True,), (-3,), (10**30,), ("a",), (None,), (1 << 63,), (-(1 << 62),)]
    same(foundry, "fib", fib.source, *odd)


def test_only_a_native_variant_may_import_the_loader(foundry, fib):
    plain = Variant(**{f: getattr(fib, f) for f in fib.__struct_fields__} | {"backend": "python"})
    trials = run_gates(standard_gates(), plain, foundry.case("fib", (3,)))
    assert (trials[-1].gate, trials[-1].verdict) == ("policy", "failed")
    assert "codegenesis.native" in trials[-1].detail


@pytest.mark.slow
def test_changes_to_arguments_come_back_and_aliases_stay(foundry):
    args = [([1.5, 2.0], 0.25), ([0.0], 3.5), ([1.0, 2.0, 3.0], 0.5)]
    variant = only(foundry.build("shift", *args))
    more = [([], 1.0), ([1, 2.0], 0.5), ([1.0, "x"], 0.5), ([2.0], 1), ([float("nan")], -0.0)]
    same(foundry, "shift", variant.source, *args, *more)
    assert survived(run_gates(standard_gates(), variant, foundry.case("shift", *args)))


@pytest.mark.slow
def test_classes_are_compiled_along(foundry):
    args = [(n,) for n in range(0, 20, 3)]
    variant = only(foundry.build("paths", *args))
    same(foundry, "paths", variant.source, *args, (100,), (-1,), (2.0,), (False,))


@pytest.mark.slow
def test_numba_and_mypyc_are_proven_alike(foundry):
    for backend in ("numba", "mypyc"):
        if missing_for(backend):
            pytest.skip(missing_for(backend))
    args = [(n,) for n in range(12)]
    built = foundry.build("busy", *args, backends=("numba", "mypyc"))
    assert [variant.backend for variant in built.variants] == ["numba", "mypyc"]
    for variant in built.variants:
        same(foundry, "busy", variant.source, *args, (100,), (-1,), (2.5,), (True,), ("a",))
        assert not remembers(variant.source)


def test_what_cannot_be_compiled_says_why(foundry):
    built = foundry.build("fib", *[(n,) for n in range(5)], backends=("numba",))
    if built.missing:
        pytest.skip(built.missing[0])
    assert built == Built(failed=("numba: it calls itself",))


def test_what_is_not_installed_is_told_with_how_to_get_it(foundry, monkeypatch):
    monkeypatch.setattr(building, "_PACKAGES", {"numba": ("no_such_package",)})
    built = foundry.build("fib", (3,), backends=("numba",))
    assert built.variants == built.failed == ()
    assert "pip install 'codegenesis[native]'" in built.missing[0]


def test_a_source_that_does_not_compile_says_what_the_compiler_said(foundry):
    with pytest.raises(UnsuitableError, match=r"does not compile: .*rror"):
        cast(
            "cdef int f(:\n",
            backend="cython",
            python=sys.executable,
            artifacts=foundry.artifacts,
            workshop=foundry.workshop,
        )


# --- wrong on purpose ----------------------------------------------------------------------------

WRONG = """
# cython: language_level=3, boundscheck=False, wraparound=False, overflowcheck=False
def wraps(long long n):
    cdef long long a = 0, b = 1, i
    for i in range(n):
        a, b = b, a + b
    return a

def rounds(object n):
    return wraps(int(n))

def loses(values, double by):
    values = [each + by for each in values]
    return values[0], values

def unchecked(list values, Py_ssize_t i):
    return values[i]

def swallows(values, i):
    try:
        return values[i]
    except IndexError:
        return None

def crashes(values, i):
    cdef int *nowhere = NULL
    if type(i) is not int:
        return nowhere[0]
    return values[i]
"""

FRAGMENT = """
from codegenesis.native import load as _load


_native = _load("{digest}", "{module}").{name}


def {target}({parameters}):
    return _native({parameters})
"""


@pytest.fixture(scope="module")
def wrong(foundry):
    """A maker of variants around functions that are wrong on purpose."""
    made = cast(
        WRONG,
        backend="cython",
        python=sys.executable,
        artifacts=foundry.artifacts,
        workshop=foundry.workshop,
    )

    def make(name, target, parameters):
        source = FRAGMENT.format(
            digest=made.digest, module=made.module, name=name, target=target, parameters=parameters
        )
        gene = foundry.gene(target)
        return Variant(
            gene=gene.id, base=gene.base, source=source, backend="cython", operator="wrong"
        )

    return make


@pytest.mark.parametrize(
    ("name", "target", "parameters", "args"),
    [
        ("wraps", "fib", "n", [(n,) for n in range(9)]),
        ("rounds", "fib", "n", [(n,) for n in range(9)]),
        ("loses", "shift", "values, by", [([1.5, 2.0], 0.25), ([0.5], 3.5)]),
        ("unchecked", "at", "values, i", [([4, 5, 6], 1), ([4], 0)]),
        ("swallows", "at", "values, i", [([4, 5, 6], 1), ([4], 0)]),
        ("crashes", "at", "values, i", [([4, 5, 6], 1), ([4], 0)]),
    ],
)
def test_a_wrong_build_dies_in_the_gates(foundry, wrong, name, target, parameters, args):
    variant = wrong(name, target, parameters)
    same(foundry, target, variant.source, args[0]) if name != "loses" else None
    trials = run_gates(standard_gates(), variant, foundry.case(target, *args))
    assert not survived(trials)
    assert trials[-1].gate in ("replay", "differential")


def test_a_crash_costs_its_own_trial_and_nothing_else(foundry, wrong, fib):
    crashing = wrong("crashes", "at", "values, i").source
    assert foundry.outcomes("at", crashing, ([1], None))[0][0] == "died"
    same(foundry, "fib", fib.source, (7,))
