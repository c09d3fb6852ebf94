"""One real sandbox around one small project for the races; a maker of files for the patches."""

import textwrap

import pytest

from codegenesis import fragment
from codegenesis.errors import SandboxUnavailableError
from codegenesis.evidence import baseline, case
from codegenesis.model import Gene, Observation, Variant
from codegenesis.sandbox import Environment, Limits, Sandbox
from codegenesis.wire import encode_call

TARGET = '''
import time


def unique(items):
    """Without repeats."""
    found = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def busy(n):
    total = 0
    for number in range(400 * n):
        total += number
    return total


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def mean(values):
    return sum(values) / len(values)


def pile(n):
    return sum([number for number in range(n)])


def nap(n):
    time.sleep(0.005)
    return n + 1
'''


class Bench:
    def __init__(self, path, sandbox):
        self.path, self.sandbox = path, sandbox

    def gene(self, name):
        return gene_of(self.path, name)

    def calls(self, *args):
        return [encode_call(each, {}) for each in args]

    def variant(self, name, source):
        return variant_of(self.gene(name), source)

    def case(self, name, *args, **options):
        gene = self.gene(name)
        seen = [
            Observation(gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1, call=call)
            for call in self.calls(*args)
        ]
        return case(gene, self.sandbox, baseline(gene, self.sandbox, seen), fresh=60, **options)


def variant_of(gene, source, operator="test"):
    source = textwrap.dedent(source).lstrip("\n")
    return Variant(gene=gene.id, base=gene.base, source=source, operator=operator)


def gene_of(path, qualname):
    found = fragment.find(path.read_bytes().decode(), qualname)
    return Gene(
        service="test",
        module=path.stem,
        qualname=qualname,
        kind="method" if "." in qualname else "function",
        path=str(path),
        root=str(path.parent),
        line=found.line,
        source=found.source,
    )


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiler") / "cg_compiler_target.py"
    path.write_text(TARGET)
    environment = Environment(root=str(path.parent), module=path.stem, path=str(path))
    try:
        sandbox = Sandbox(environment, limits=Limits(cpu_s=1.0))
    except SandboxUnavailableError as error:
        pytest.skip(f"{error} ({error.remedy})")
    with sandbox:
        yield Bench(path, sandbox)


@pytest.fixture
def file(tmp_path):
    """Write a module; returns a function that makes (gene) of it."""

    def write(text, qualname, *, dedent=True):
        path = tmp_path / "module.py"
        path.write_bytes((textwrap.dedent(text).lstrip("\n") if dedent else text).encode())
        return gene_of(path, qualname)

    return write


@pytest.fixture
def variant_for():
    """Makes a variant of a gene from a fragment."""
    return variant_of
