"""Compiled arithmetic is Python's, or it refuses: every operator on awkward numbers, one build."""

import itertools
import math
import shutil
import sys
import textwrap
from random import Random

import pytest

from codegenesis import native
from codegenesis.compiler.native.cython_backend import cython_source
from codegenesis.compiler.native.foundry import cast
from codegenesis.compiler.native.normal import normal_form
from codegenesis.compiler.native.observe import observe
from codegenesis.compiler.native.program import program_of
from codegenesis.errors import SandboxUnavailableError
from codegenesis.sandbox import Environment, Limits, Sandbox, Workshop
from codegenesis.wire import encode_call

from .conftest import gene_of

pytestmark = pytest.mark.slow

INTEGERS = (0, 1, -1, 2, 3, -7, 10, 63, 64, 2**31, -(2**53) - 1, 2**53, 2**62, -(2**63), 2**63 - 1)
FLOATS = (0.0, -0.0, 1.0, -1.5, 2.5, 0.1, 1e-300, -1e300, 1e16, 3.0, -7.25, math.inf, -math.inf)
FLOATS += (math.nan, 2.0**53, 0.5, -0.5, 5e-324)

EXPRESSIONS = """
a + b; a - b; a * b; a / b; a // b; a % b; a ** 2; a ** b; -a; +a; abs(a); a < b; a <= b; a > b
a >= b; a == b; a != b; a < b < 3; min(a, b); max(a, b); min(a, b, 3); a if a < b else b; a and b
a or b; not a; int(a); float(a); bool(a); a + 1; a * 2 - b; a // 3; a % 3; a // -3; a % -3; a / 3
1 - a; (a + b) * (a - b); a * 0.5; a + 0.1; a // 0.7; a % 0.7; a ** 0.5; 2 ** a; 0.5 ** a
math.sqrt(a); math.sin(a); math.floor(a); math.atan2(a, b); math.log(a); math.exp(a); (a, b)
[a, b][0]; sum([a, b]); a == b and a < 3; round(a)
"""
INTEGERS_ONLY = "a & b; a | b; a ^ b; ~a; a << 3; a >> 2; a << b; a >> b; a & 7; (a >> 3) & (b | 1)"
BODIES = """
total = 0
for i in range(3):
    total += a
return total - b, -total, total * 2, total == 0, min(total, b), abs(total)
;;
total = 0
if a < b:
    total = 0.5
return total + a, total * b, total / 3, total ** 2, total
;;
items = [a, b, a]
items[1] = a + b
items.append(b)
items[0] -= 1
return items, items[-1], items[1:3], items[::-1], len(items), items == [a]
"""


def text_of(expressions):
    """A module of one function per expression or body, and `target` that calls them by number."""
    bodies = [f"return {each}" for each in expressions.strip().replace("\n", "; ").split("; ")]
    bodies += [each.strip() for each in BODIES.split(";;")]
    functions = [f"def f{k}(a, b):\n{textwrap.indent(b, '    ')}\n" for k, b in enumerate(bodies)]
    chain = "".join(f"    if k == {k}:\n        return f{k}(a, b)\n" for k in range(len(bodies)))
    target = f"def target(k, a, b):\n{chain}    return None\n"
    return "import math\n\n\n" + "\n\n".join([*functions, target]), bodies


@pytest.mark.parametrize(
    ("expressions", "values", "seen"),
    [
        (EXPRESSIONS + INTEGERS_ONLY, INTEGERS, (2, 5)),
        (EXPRESSIONS, FLOATS, (0.5, 2.5)),
    ],
    ids=["integers", "floats"],
)
def test_every_operator_is_exact_or_refused(tmp_path, expressions, values, seen):
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    text, bodies = text_of(expressions)
    path = tmp_path / "cg_arithmetic.py"
    path.write_text(text)
    enter = built(path, [(k, *seen) for k in range(len(bodies))], tmp_path)
    plain = {}
    exec(text, plain)
    answered = 0
    pairs = list(itertools.product(values, values))
    for k, body in enumerate(bodies):
        for a, b in Random(k).sample(pairs, 60):
            try:
                came = enter(k, a, b)
            except Exception:
                continue  # refused: the Python body would run
            answered += 1
            expected = plain["target"](k, a, b)
            assert repr(came) == repr(expected), (body, a, b)
    assert answered > 15 * len(bodies)


def built(path, seen, home):
    """The compiled entry of `target`, loaded into this process."""
    gene = gene_of(path, "target")
    program = normal_form(program_of(gene, gene.source))
    calls = [encode_call(each, {}) for each in seen]
    try:
        with Sandbox(Environment.for_gene(gene), limits=Limits(setup_s=10.0)) as sandbox:
            observed = observe(gene, program, calls, sandbox, most=len(calls))
    except SandboxUnavailableError as error:
        pytest.skip(f"{error} ({error.remedy})")
    source = cython_source(program, observed)
    made = cast(
        source, backend="cython", python=sys.executable, artifacts=home, workshop=Workshop()
    )
    native.use(home)
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return native.load(made.digest, made.module).bind(names["target"])
