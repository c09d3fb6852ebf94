"""What CrossHair is given to read, and what it says, read with suspicion.

It compares by `==` (`True` is 1), so both functions are wrapped to answer with types as well. It
writes "All paths exhausted" even where a path was given up (unknown to the solver, or too slow):
those are counted by our driver, and then nothing was proven. Measured with crosshair-tool 0.0.113:
it keeps to its timeouts by CPU and only between paths, so a run with a limit of 6 s took 30 s, and
one with a long loop inside never ended; it has to be ended from outside.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from codegenesis.evidence.annotate import Signature
from codegenesis.evidence.plain import Call
from codegenesis.model import Gene, Record
from codegenesis.parsing import syntax_tree

_COMPARED = "codegenesis_compared"
_GIVEN_UP = "codegenesis: a path was given up"

#: Their own words, as of 0.0.113; the exit codes are 0 (none found), 1 (found), 2 (not done).
_NONE_FOUND = "No differences found."
_EXHAUSTED = "All paths exhausted"

_DRIVER = f"""
import sys

from crosshair.main import main
from crosshair.statespace import StateSpace, VerificationStatus

followed = StateSpace.bubble_status


def noted(self, analysis):
    if analysis.verification_status is not VerificationStatus.CONFIRMED:
        print({_GIVEN_UP!r}, file=sys.stderr)
    return followed(self, analysis)


StateSpace.bubble_status = noted
sys.path.insert(0, "")
main(sys.argv[1:])
"""

_MODULE = """
import importlib as _codegenesis_importlib
import sys as _codegenesis_sys

_codegenesis_sys.path.append({root!r})
globals().update(
    {{
        name: value
        for name, value in vars(_codegenesis_importlib.import_module({module!r})).items()
        if not (name.startswith("__") and name.endswith("__"))
    }}
)

{source}


def _codegenesis_strict(value):
    kind = type(value)
    if kind in (list, tuple):
        return kind.__name__, [_codegenesis_strict(item) for item in value]
    if kind is dict:
        parts = value.items()
        return "dict", [(_codegenesis_strict(key), _codegenesis_strict(x)) for key, x in parts]
    return kind.__name__, value


def {compared}({parameters}):
    return _codegenesis_strict({name}({arguments}))
"""


class Found(Record, frozen=True, kw_only=True):
    """What CrossHair says.

    Attributes:
        differences: calls on which it sees a difference.
        unread: differences that cannot be read back, in its words.
        none: it found no difference.
        exhausted: and says that it has been everywhere, with no path given up.
        paths: that it tried.
    """

    differences: tuple[Call, ...] = ()
    unread: tuple[str, ...] = ()
    none: bool = False
    exhausted: bool = False
    paths: int = 0


def files(gene: Gene, source: str, types: Signature) -> dict[str, bytes]:
    """The scratch files: a driver, and original and variant in copies of the module's names."""
    pair = {"cg_original.py": gene.source, "cg_variant.py": source}
    texts = {name: _module(gene, text, types) for name, text in pair.items()}
    return {name: text.encode() for name, text in {**texts, "cg_driver.py": _DRIVER}.items()}


def arguments(seconds: float) -> list[str]:
    """The command, without the interpreter."""
    pair = [f"{module}.{_COMPARED}" for module in ("cg_original", "cg_variant")]
    return ["cg_driver.py", "diffbehavior", f"--per_condition_timeout={seconds:g}", *pair]


def _module(gene: Gene, source: str, types: Signature) -> str:
    star = ["*"] if types.keyword else []
    positional = [f"{name}: {text}" for name, text in types.positional]
    keyword = [f"{name}: {text}" for name, text in types.keyword]
    given = [name for name, _ in types.positional] + [f"{n}={n}" for n, _ in types.keyword]
    return _MODULE.format(
        root=gene.root,
        module=gene.module,
        source=source,
        compared=_COMPARED,
        parameters=", ".join([*positional, *star, *keyword]),
        name=gene.name,
        arguments=", ".join(given),
    )


def read(stdout: str, stderr: str, types: Signature) -> Found:
    """Understand what it printed."""
    differences: list[Call] = []
    unread: list[str] = []
    for inner in re.findall(r"^Given: \((.*)\),$", stdout, re.MULTILINE):
        try:
            differences.append(_call(inner, types))
        except (ValueError, SyntaxError, KeyError):
            unread.append(inner)
    none = _NONE_FOUND in stdout
    paths = re.search(r"attempted (\d+) iterations", stdout)
    return Found(
        differences=tuple(differences),
        unread=tuple(unread),
        none=none,
        exhausted=none and _EXHAUSTED in stdout and _GIVEN_UP not in stderr,
        paths=int(paths[1]) if paths else 0,
    )


def _call(inner: str, types: Signature) -> Call:
    node = syntax_tree(f"given({inner})", mode="eval").body
    if not isinstance(node, ast.Call):
        raise ValueError(inner)
    values = {str(each.arg): _value(each.value) for each in node.keywords}
    args = tuple(values[name] for name, _ in types.positional)
    return args, {name: values[name] for name, _ in types.keyword}


def _value(node: ast.expr) -> Any:
    """A value from its `repr`: literals, and the floats that have none."""
    if isinstance(node, ast.Name) and node.id in ("nan", "inf"):
        return float(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        make = {"set": set, "frozenset": frozenset, "bytearray": bytearray, "float": float}
        return make[node.func.id](*map(_value, node.args))
    if isinstance(node, ast.List):
        return [_value(each) for each in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(each) for each in node.elts)
    return ast.literal_eval(node)
