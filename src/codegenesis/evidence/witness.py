"""What a call does beside returning: seen from inside the jail, by a decorator around the
function.

An outcome shows the result and the arguments. This shows the rest that a caller may rely on:
what is printed and logged, which module variables change, what the operating system is asked
for, and which objects *are* the same (a memoised list that every caller gets, an argument that
is returned instead of a copy): `is` does not travel over the wire, so it is written down as
numbers on the spot.

The witness is source text put around a fragment, because the jail runs fragments and nothing
else. A variant shares its process and could disturb it; then the two reports differ, and the
variant loses.
"""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

from codegenesis.evidence.plain import Built, value_of
from codegenesis.fragment.syntax import KINDS, nested_code
from codegenesis.model import Outcome
from codegenesis.parsing import syntax_tree

_SOURCE = """
def _codegenesis_witness(function):
    import contextlib, copy, enum, io, itertools, logging, sys, types

    space, busy, events, records = globals(), [], [], []
    watched = ("open", "os.", "socket.", "subprocess.", "shutil.", "sqlite3.", "ctypes.",
               "urllib.", "http.", "smtplib.", "ftplib.", "tempfile.", "glob.", "pathlib.",
               "signal.", "fcntl.", "mmap.", "_thread.", "time.sleep", "syslog.", "resource.")
    settled = (str, bytes, int, float, complex, type(None), enum.Enum, type, types.ModuleType,
               types.FunctionType, types.BuiltinFunctionType)

    def hook(event, _arguments):
        if busy == ["second"] and event.startswith(watched):
            events.append(event)

    class Handler(logging.Handler):
        def emit(self, record):
            records.append([record.name, record.levelno, record.getMessage()])

    def described(value):
        if isinstance(value, type):
            own = {name: part for name, part in vars(value).items() if not callable(part)}
            return repr({name: part for name, part in own.items() if name[:2] != "__"})
        if isinstance(value, (types.ModuleType, types.FunctionType, types.BuiltinFunctionType,
                              logging.Logger)):
            return ""
        return repr(getattr(value, "__dict__", value))[:200000]

    def state():
        return {name: described(value) for name, value in list(space.items()) if name[:2] != "__"}

    def number(value, known, out, depth=0):
        if isinstance(value, settled) or depth > 30 or len(out) > 20000:
            return
        frozen = getattr(getattr(value, "__dataclass_params__", None), "frozen", False)
        if not frozen and not isinstance(value, (tuple, frozenset, range, slice)):
            if isinstance(value, (list, dict, set, bytearray)) or hasattr(value, "__dict__"):
                out.append(known.setdefault(id(value), len(known)))
                if out[-1] != len(known) - 1 or out.count(out[-1]) > 1:
                    return
        inner = value if isinstance(value, (list, tuple)) else ()
        if isinstance(value, dict):
            inner = list(value.values())
        elif hasattr(value, "__dict__"):
            inner = list(vars(value).values())
        for part in inner:
            number(part, known, out, depth + 1)

    async def taken(items):
        found = []
        async for item in items:
            found.append(item)
            if len(found) == 1000:
                break
        return found

    <async>def attempt(args, kwargs):
        try:
            return <take>
        except Exception as error:
            return (type(error).__name__,)

    <async>def witness(*args, **kwargs):
        if busy:
            <inside>
        saved, saved_names = copy.deepcopy((args, kwargs))
        out, err, before = io.StringIO(), io.StringIO(), state()
        root, handler = logging.getLogger(), Handler()
        root.addHandler(handler)
        root.setLevel(1)
        sys.addaudithook(hook)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            busy.append("first")
            first = <await>attempt(args, kwargs)
            busy[:] = ["second"]
            second = <await>attempt(saved, saved_names)
            busy[:] = ["done"]
        after, sharing = state(), []
        number([first, args, kwargs, second, saved, saved_names], {}, sharing)
        root.removeHandler(handler)
        changed = sorted(name for name in before | after if before.get(name) != after.get(name))
        busy.clear()
        <give> {
            "sharing": sharing,
            "prints": out.getvalue() + err.getvalue(),
            "logs": records,
            "changes": changed,
            "asks": sorted(set(events)),
        }

    return witness
"""


class _Manner(NamedTuple):
    """How a witness calls a function of one kind and gives its report in the same way."""

    take: str = "function(*args, **kwargs)"
    inside: str = "return function(*args, **kwargs)"
    give: str = "return"
    is_async: bool = False


_MANNERS = {
    0: _Manner(),
    inspect.CO_GENERATOR: _Manner(
        take="list(itertools.islice(function(*args, **kwargs), 1000))",
        inside="return (yield from function(*args, **kwargs))",
        give="yield",
    ),
    inspect.CO_COROUTINE: _Manner(
        take="await function(*args, **kwargs)",
        inside="return await function(*args, **kwargs)",
        is_async=True,
    ),
    inspect.CO_ASYNC_GENERATOR: _Manner(
        take="await taken(function(*args, **kwargs))",
        inside="async for item in function(*args, **kwargs):\n                yield item\n"
        "            return",
        give="yield",
        is_async=True,
    ),
}


def witnessed(source: str) -> str:
    """The fragment with the witness around its function; `reported` reads what it says.

    The report is a dict: `sharing` (numbers of mutable objects in result, arguments and the result
    of a second call), `prints`, `logs`, `changes` (module variables), `asks` (audit events).

    Raises:
        FragmentError: the fragment does not compile.
    """
    node = syntax_tree(source).body[-1]
    name = getattr(node, "name", "")
    code = nested_code(compile(source, "<fragment>", "exec", dont_inherit=True), name)
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
    lines = source.splitlines(keepends=True)
    witness = _in_manner(_MANNERS[code.co_flags & KINDS])
    return "".join([*lines[:first], witness, "@_codegenesis_witness\n", *lines[first:]])


def _in_manner(manner: _Manner) -> str:
    source = _SOURCE.replace("<async>", "async " if manner.is_async else "")
    source = source.replace("<await>", "await " if manner.is_async else "")
    for name in ("take", "inside", "give"):
        source = source.replace(f"<{name}>", getattr(manner, name))
    return source


def reported(outcome: Outcome) -> Any:
    """The report in what a witnessed function returned: a dict, unless somebody tampers with it."""
    value = value_of(outcome.value)
    if isinstance(value, Built) and value.type_name == "codegenesis:driven":
        return next(iter(value.parts[1]), None)
    return value
