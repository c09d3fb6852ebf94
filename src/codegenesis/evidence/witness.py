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

from collections.abc import Sequence

from codegenesis.evidence.manners import dressed

_SOURCE = """
def _codegenesis_witness(function):
    import contextlib, copy, enum, io, logging, sys, types

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

<helper>
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


def witnessed(source: str, *, free: Sequence[str] = ()) -> str:
    """The fragment with the witness around its function; `reported` reads what it says.

    The report is a dict: `sharing` (numbers of mutable objects in result, arguments and the result
    of a second call), `prints`, `logs`, `changes` (module variables), `asks` (audit events).

    Args:
        free: the gene's free variables.
    """
    return dressed(source, _SOURCE, "_codegenesis_witness", free=free)
