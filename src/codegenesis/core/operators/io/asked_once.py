# ruff: noqa: SIM905 (lists of words read better as words)
"""What a loop asks the system again and again, with the same answer each time (1-2 us a call).

`os.path.exists(path)`, `path.is_file()`, `os.environ.get("MODE")`, `os.getcwd()`,
`open(path).read()`, `json.load(open(path))`: asked before the loop, when nothing in the loop could
change the answer as far as can be seen. `hoist` does not do this, because these calls are not pure.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, code, flat, key, place, walk

#: Calls by their dotted name.
DOTTED = frozenset(
    "os.path.exists os.path.isfile os.path.isdir os.path.getsize os.path.getmtime os.path.abspath "
    "os.path.realpath os.path.expanduser os.getcwd os.getenv os.environ.get os.listdir os.getpid "
    "platform.system platform.node socket.gethostname getpass.getuser shutil.which "
    "os.cpu_count Path.cwd Path.home".split()
)

#: Methods of paths.
METHODS = frozenset({"exists", "is_file", "is_dir", "read_text", "read_bytes", "resolve", "stat"})

#: What may change an answer.
CHANGING = frozenset(
    "write writelines write_text mkdir makedirs unlink remove rmdir rmtree rename "
    "replace write_bytes touch chdir putenv unsetenv setdefault copy copyfile move symlink_to run "
    "call Popen system sleep".split()
)


def rewrite(view: View) -> Unit | None:
    """Ask one question before its loop."""
    for node in view.nodes:
        if not isinstance(node, cst.Call) or not _asks(node):
            continue
        loop = view.outermost(node)
        if loop is None or not loop.is_statement or _changes(loop):
            continue
        word = view.fresh(_word(node))
        edits = Edits(view).before(loop.statement, f"{word} = {flat(node)}\n")
        for other in view.nodes:
            twin = isinstance(other, cst.Call) and key(other) == key(node)
            if twin and view.inside(other, loop.node):
                edits.swap(other, word)
        return edits.apply()
    return None


def _asks(call: cst.Call) -> bool:
    text = code(call.func).strip()
    if text in DOTTED:
        return True
    match call.func:
        case cst.Attribute(value=base, attr=cst.Name(value=name)) if place(base) is not None:
            return name in METHODS and not call.args and "path" in code(base).lower()
        case cst.Attribute(value=cst.Call(func=opener), attr=cst.Name(value="read")):
            return code(opener) == "open" and not call.args
    return text == "json.load" and code(call).startswith("json.load(open(")


def _changes(loop: Loop) -> bool:
    """Whether the loop does anything that may change what the system says."""
    for node in walk(loop.node):
        if isinstance(node, cst.Call):
            match node.func:
                case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
                    changes = name in CHANGING
                case _:
                    changes = False
            if changes:
                return True
    return isinstance(loop.node, cst.While)


def _word(call: cst.Call) -> str:
    name = code(call.func).strip().rpartition(".")[2]
    return {"get": "setting", "getenv": "setting", "read": "content", "load": "content"}.get(
        name, name
    )


OPERATOR = RewriteRule(
    name="asked_once",
    improves=("cpu_ns_mean", "wall_ns_p99"),
    hypothesis="The system is asked once before the loop; each question is a call into the kernel.",
    risk="What changes while the loop runs is not noticed; a loop over nothing asks as well.",
    steps=(rewrite,),
    gain=2.0,
)
