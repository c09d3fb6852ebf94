"""Ways to be wrong on purpose, as bodies of a function around the kept original.

In a body, `CALL` stands for the call of the original with all parameters, `A` for the parameter
that the breakage is about, `R` for the result. `prelude` is what stands before the function. Each
applies to some kinds of results, of arguments, or of exceptions.
"""

from __future__ import annotations

from typing import NamedTuple

# ruff: noqa: E501 (a table)


class Breakage(NamedTuple):
    """One way to be wrong.

    Attributes:
        result: kinds of results that it needs; empty for any.
        argument: kinds of argument `A` that it needs; empty for any, or none.
        raises: exceptions (bare names) that the original must be known to raise; empty for any.
        lure: expression that makes of the argument `A` one that shows it; empty for none.
    """

    name: str
    group: str
    body: str
    prelude: str = ""
    result: str = ""
    argument: str = ""
    raises: str = ""
    lure: str = ""


def _value(name: str, kinds: str, wrong: str, group: str = "values") -> Breakage:
    return Breakage(name, group, f"R = CALL\nreturn {wrong}", result=kinds)


VALUES = (
    _value("one more", "int", "R + 1"),
    _value("one less unless small", "int", "R - 1 if R > 2 else R"),
    _value("sign lost", "int float", "abs(R)"),
    _value("last digit of a float", "float", "R * (1 + 2.0**-50)"),
    _value("rounded", "float", "round(R, 6)"),
    _value("not a number becomes zero", "float", "R if R == R else 0.0"),
    _value("negative zero lost", "float", "R + 0.0"),
    _value("truncated", "float", "float(int(R)) if abs(R) < 1e9 else R"),
    _value("the other answer", "bool", "not R"),
    _value("always true", "bool", "True"),
    _value("never true", "bool", "False"),
    _value("last character lost", "str bytes", "R[:-1]"),
    _value("white space stripped", "str bytes", "R.strip()"),
    _value("lower case", "str bytes", "R.lower()"),
    _value("first match only", "str", "R.replace(R[:1], '', 1) if R.count(R[:1]) > 1 else R"),
    _value("cut at 40", "str bytes list tuple", "R[:40]"),
    _value("tabs expanded", "str", "R.expandtabs()"),
    _value("composed characters", "str", "''.join(c for c in R if c.isascii())"),
    _value("last item lost", "list tuple", "R[:-1]"),
    _value("repeats lost", "list", "list(dict.fromkeys(R))"),
    _value("empty items lost", "list", "[part for part in R if part]"),
    _value("next day", "date", "R.replace(day=R.day % 28 + 1)"),
)

TYPES = (
    _value("int as float", "int", "float(R) if abs(R) < 2**53 else R", "types"),
    _value("small int as bool", "int", "bool(R) if R in (0, 1) else R", "types"),
    _value("bool as int", "bool", "int(R)", "types"),
    _value("float as int where whole", "float", "int(R) if R == int(R or 0) else R", "types"),
    _value("list as tuple", "list", "tuple(R)", "types"),
    _value("tuple as list", "tuple", "list(R)", "types"),
    _value("text as bytes", "str", "R.encode('utf-8', 'surrogatepass')", "types"),
    _value("bytes as bytearray", "bytes", "bytearray(R)", "types"),
    _value("set as frozenset", "set", "frozenset(R)", "types"),
    _value("set as list", "set", "list(R)", "types"),
    _value("empty as none", "str list tuple bytes set", "R or None", "types"),
    _value("nothing as false", "NoneType", "False", "types"),
    *(
        Breakage(
            f"subclass of {kind}",
            "types",
            "R = CALL\nreturn _Own(R)",
            prelude=f"class _Own({kind}):\n    pass\n",
            result=kind,
        )
        for kind in ("int", "str", "float", "list", "tuple")
    ),
    Breakage(
        "scalar of numpy",
        "types",
        "R = CALL\nreturn numpy.float64(R)",
        prelude="import numpy\n",
        result="float",
    ),
)

_RAISES = "ValueError IndexError KeyError TypeError ZeroDivisionError OverflowError AssertionError"
EXCEPTIONS = (
    *(
        Breakage(
            f"{name} swallowed",
            "exceptions",
            f"try:\n    return CALL\nexcept {name}:\n    return None",
            raises=name,
        )
        for name in _RAISES.split()
    ),
    Breakage(
        "another type",
        "exceptions",
        "try:\n    return CALL\nexcept Exception as error:\n    raise RuntimeError(*error.args)",
        raises="*",
    ),
    Breakage(
        "a subclass",
        "exceptions",
        "try:\n    return CALL\nexcept Exception as error:\n    raise _Own(*error.args)",
        prelude="class _Own(ValueError):\n    pass\n",
        raises="ValueError",
    ),
    Breakage(
        "other arguments",
        "exceptions",
        "try:\n    return CALL\nexcept Exception as error:\n    error.args += (1,)\n    raise",
        raises="*",
    ),
    Breakage(
        "message lost",
        "exceptions",
        "try:\n    return CALL\nexcept Exception as error:\n    error.args = ()\n    raise",
        raises="*",
    ),
)

ARGUMENTS = (
    Breakage("sorts its argument", "arguments", "A.sort(key=repr)\nreturn CALL", argument="list"),
    Breakage("empties it", "arguments", "R = CALL\nA.clear()\nreturn R", argument="list dict set"),
    Breakage("adds to it", "arguments", "R = CALL\nA.append(None)\nreturn R", argument="list"),
    Breakage("takes from it", "arguments", "R = CALL\nA[1:2] = []\nreturn R", argument="list"),
    Breakage("works on a copy", "arguments", "A = list(A)\nreturn CALL", argument="list"),
    Breakage(
        "reorders the dict",
        "arguments",
        "R = CALL\nfor key in sorted(A):\n    A[key] = A.pop(key)\nreturn R",
        argument="dict",
    ),
    Breakage("drops a member", "arguments", "R = CALL\nA and A.pop()\nreturn R", argument="set"),
    Breakage(
        "hands out its argument", "aliasing", "R = CALL\nreturn A if A == R else R", argument="list"
    ),
)

ORDER = (
    _value("reversed", "list tuple str bytes", "R[::-1]", "order"),
    _value("sorted", "list", "sorted(R, key=repr)", "order"),
    _value("sorted tuple", "tuple", "tuple(sorted(R, key=repr))", "order"),
    _value("through a set", "list", "list(set(map(str, R))) if len(R) > 1 else R", "order"),
    _value("swapped ends", "list", "[R[-1], *R[1:-1], R[0]] if len(R) > 1 else R", "order"),
)

_RARE: tuple[tuple[str, str, str, str], ...] = (
    ("empty", "not A", "str list bytes dict set tuple", "type(A)()"),
    ("one item", "len(A) == 1", "list tuple", "A[:1] or A"),
    ("37 long", "len(A) == 37", "str list bytes", "(A * 37)[:37]"),
    ("longer than 60", "len(A) > 60", "str list bytes", "(A * 61)[:61]"),
    ("longer than 999", "len(A) > 999", "str list bytes", "(A * 1000)[:1000]"),
    ("negative", "A < 0", "int float", "-A"),
    ("zero", "A == 0", "int float", "A * 0"),
    ("huge", "A > 2**64", "int", "2**64 + 1"),
    ("beyond 32 bits", "not -(2**31) <= A < 2**31", "int", "2**31"),
    ("seven of 1009", "A % 1009 == 7", "int", "1009 + 7"),
    ("a certain number", "A == 48213", "int", "48213"),
    ("between two", "7300 < A < 7310", "int", "7305"),
    ("square", "A > 100 and round(A**0.5) ** 2 == A", "int", "144"),
    ("true", "A is True", "int", "True"),
    ("not a number", "A != A", "float", "float('nan')"),
    ("infinite", "A in (float('inf'), -float('inf'))", "float", "float('inf')"),
    ("minus zero", "A == 0 and str(A) == '-0.0'", "float", "-0.0"),
    ("tiny", "0 < A < 1e-300", "float", "5e-324"),
    ("whole", "A > 2 and A == int(A)", "float", "3.0"),
    ("above a threshold", "A > 6543.21", "float", "6543.3"),
    ("odd characters", "not A.isascii()", "str", "A + 'é'"),
    ("surrogates", r"any('\ud800' <= c <= '\udfff' for c in A)", "str", r"A + '\ud83d'"),
    ("astral", "any(ord(c) > 65535 for c in A)", "str", "A + '😀'"),
    ("null characters", r"'\0' in A", "str", r"A + '\0'"),
    ("a certain word", "A == 'xyzzy'", "str", "'xyzzy'"),
    ("a word inside", "'qux7' in A", "str", "A + 'qux7'"),
    ("a beginning", "A.startswith('zq9')", "str", "'zq9' + A"),
    ("an ending", "A[-2:] == '~!'", "str", "A + '~!'"),
    ("three of a kind", "A.count('k') > 4", "str", "A + 'kkkkk'"),
    ("upper case", "A.isupper()", "str", "'ABC'"),
    ("palindrome", "len(A) > 4 and A == A[::-1]", "str list", "A + A[::-1] + A + A[::-1]"),
    ("bytes above 127", "any(b > 127 for b in A)", "bytes", r"A + b'\xff'"),
    ("repeats", "len(A) > len(set(map(repr, A))) + 2", "list", "A * 4"),
    ("in order", "len(A) > 5 and A == sorted(A, key=repr)", "list", "sorted(A * 6, key=repr)"),
    ("all equal", "len(A) > 4 and len(set(map(repr, A))) == 1", "list", "A[:1] * 5"),
    ("a member", "77 in A", "list", "A + [77]"),
    ("nothing inside", "None in A", "list", "A + [None]"),
    ("mixed types", "len({type(each) for each in A}) > 1", "list", "A + [1.5, True]"),
    ("many keys", "len(A) > 11", "dict", "{str(n): 1 for n in range(12)}"),
    ("a certain key", "'debug' in A", "dict", "{**A, 'debug': 1}"),
)
RARE = tuple(
    Breakage(
        f"wrong for {name}",
        "rare",
        f"R = CALL\nif type(A) in (KIND) and ({test}):\n    return [R]\nreturn R",
        argument=kinds,
        lure=lure,
    )
    for name, test, kinds, lure in _RARE
)

_MEMO = "_kept = {}\n"


def _memo(name: str, key: str, kinds: str, lure: str = "") -> Breakage:
    body = f"key = {key}\nif key not in _kept:\n    _kept[key] = CALL\nreturn _kept[key]"
    return Breakage(f"cached by {name}", "state", body, _MEMO, argument=kinds, lure=lure)


STATE = (
    _memo("length", "len(A)", "str list bytes"),
    _memo("first character", "A[:1]", "str bytes"),
    _memo("first eight", "A[:8]", "str bytes", "A[:8] + A[8:][::-1] + A"),
    _memo("value, not type", "A", "int float", "float(A) if type(A) is int else int(A)"),
    _memo("lower case", "A.lower()", "str", "A.upper()"),
    _memo("sorted items", "str(sorted(A, key=repr))", "list", "A[::-1]"),
    _memo("last digits", "A % 1000", "int", "A + 1000"),
    _memo("hash in buckets", "hash(str(A)) % 512", "str list int float"),
    Breakage(
        "one list for all", "aliasing", "if str(A) not in _kept:\n    _kept[str(A)] = CALL\n"
        "return _kept[str(A)]", _MEMO, result="list", argument="list",
    ),
    Breakage("remembers the first", "state", "_kept.append(CALL)\nreturn _kept[0]", "_kept = []\n"),
    Breakage(
        "wrong the second time", "state",
        "R = CALL\nif str(A) in _kept:\n    return [R]\n_kept.add(str(A))\nreturn R",
        "_kept = set()\n", argument="str list int float bytes",
    ),
    Breakage(
        "wrong after an error", "state",
        "R = CALL if not _kept else [_kept.pop()]\nreturn R".replace(
            "CALL if not _kept", "_try(lambda: CALL) if not _kept"),
        "_kept = []\ndef _try(call):\n    try:\n        return call()\n    except Exception as e:\n"
        "        _kept.append(1)\n        raise\n", raises="*",
    ),
    Breakage(
        "same answer twice in a row", "state",
        "R = CALL\nif _kept.get('last') == repr(R):\n    _kept['n'] = _kept.get('n', 0) + 1\n"
        "_kept['last'] = repr(R)\nreturn [R] if _kept.get('n', 0) > 3 else R", _MEMO,
    ),
    Breakage(
        "mutable default", "state", "R = CALL\nreturn _count(R)",
        "def _count(R, seen=[]):\n    seen.append(R)\n    return R if len(seen) < 60 else [R]\n",
    ),
)  # fmt: skip

_BOMB = "_calls = [0]\n"
BOMBS = (
    *(
        Breakage(
            f"wrong after {n} calls",
            "bomb",
            f"_calls[0] += 1\nR = CALL\nreturn R if _calls[0] < {n} else [R]",
            _BOMB,
        )
        for n in (30, 700, 5000, 10**6)
    ),
    Breakage(
        "wrong when a counter wraps",
        "bomb",
        "R = CALL\nreturn R if next(_calls) % 4096 != 4095 else [R]",
        "import itertools\n_calls = itertools.count()\n",
    ),
    Breakage(
        "wrong once the cache is full",
        "bomb",
        "R = CALL\n_kept[str(A)] = R\nreturn R if len(_kept) < 3000 else [R]",
        _MEMO,
        argument="str list int float bytes",
    ),
    Breakage(
        "an attribute counts",
        "bomb",
        "_tick.n = getattr(_tick, 'n', 0) + 1\nR = CALL\nreturn R if _tick.n < 2000 else [R]",
        "def _tick():\n    pass\n",
    ),
    Breakage(
        "an iterator runs out",
        "bomb",
        "R = CALL\nreturn R if next(_left, None) is not None else [R]",
        "_left = iter(range(2500))\n",
    ),
)

CHANCE = (
    Breakage(
        "wrong now and then",
        "chance",
        "R = CALL\nreturn R if random.random() > 0.01 else [R]",
        "import random\n",
    ),
    Breakage("wrong by address", "chance", "R = CALL\nreturn R if id(R) % 1024 != 512 else [R]"),
    Breakage(
        "wrong by hash",
        "chance",
        "R = CALL\nreturn R if hash(str(A)) % 64 != 7 else [R]",
        argument="str list int float bytes",
    ),
    Breakage(
        "order of hashes",
        "chance",
        "R = CALL\nreturn R if R == sorted(R, key=repr) else list({str(part): 0 for part in set(R)})",
        result="list",
    ),
)

ENVIRONMENT = (
    Breakage(
        "right in the jail only",
        "environment",
        "import os\nR = CALL\nreturn R if os.getpid() < 100 else [R]",
    ),
    Breakage(
        "asks for a variable",
        "environment",
        "import os\nR = CALL\nreturn [R] if os.environ.get('HOME') else R",
    ),
    Breakage(
        "looks at the clock",
        "environment",
        "import time\nR = CALL\nreturn R if time.time() < 4e9 else [R]",
    ),
    Breakage(
        "looks at the modules",
        "environment",
        "import sys\nR = CALL\nreturn [R] if 'pytest' in sys.modules else R",
    ),
)

LAZY = (
    _value("an iterator", "list tuple", "iter(R)", "lazy"),
    _value("a generator", "list tuple", "(part for part in R)", "lazy"),
    _value("a view of a dict", "list", "dict.fromkeys(map(str, R)).keys()", "lazy"),
    _value("a range of bytes", "bytes", "memoryview(R)", "lazy"),
)

_DEEP = "def _deep(n):\n    return n and _deep(n - 1)\n"
RECURSION = (
    Breakage(
        "one frame per item",
        "recursion",
        "_deep(len(A))\nreturn CALL",
        _DEEP,
        argument="str list bytes",
        lure="(A * 1200)[:1200]",
    ),
    Breakage(
        "one frame per unit",
        "recursion",
        "_deep(min(abs(A), 5000))\nreturn CALL",
        _DEEP,
        argument="int",
        lure="1500",
    ),
)

#: What compiled code gets wrong, in Python.
NATIVE = (
    Breakage(
        "results wrap at 64 bits", "native",
        "R = CALL\nreturn (R + 2**63) % 2**64 - 2**63 if type(R) is int else R", result="int",
    ),
    Breakage(
        "arguments wrap at 64 bits", "native",
        "A = (A + 2**63) % 2**64 - 2**63 if type(A) is int else A\nreturn CALL",
        argument="int", lure="10**30",
    ),
    Breakage(
        "arguments beyond 64 bits are refused", "native",
        "if type(A) is int and not -(2**63) <= A < 2**63:\n"
        "    raise OverflowError('Python int too large to convert to C long')\nreturn CALL",
        argument="int", lure="10**30",
    ),
    Breakage(
        "floats are truncated", "native", "A = int(A) if type(A) is float else A\nreturn CALL",
        argument="int", lure="A + 0.5",
    ),
    Breakage(
        "single precision", "native",
        "A = struct.unpack('<f', struct.pack('<f', A))[0] if type(A) is float and abs(A) < 1e30"
        " else A\nreturn CALL", "import struct\n", argument="float",
    ),
    Breakage(
        "division as in C", "native",
        "R = CALL\nreturn R + 1 if type(R) is int and R < 0 else R", result="int",
    ),
    Breakage(
        "unchecked index", "native", "try:\n    return CALL\nexcept IndexError:\n    return 0",
        raises="IndexError",
    ),
    Breakage(
        "mutation lost", "native", "A = A[:]\nreturn CALL", argument="list",
    ),
    Breakage(
        "none is zero", "native", "R = CALL\nreturn 0 if R is None else R", result="NoneType",
    ),
    Breakage(
        "crashes on an odd length", "native",
        "if len(A) > 12 and len(A) % 5 == 3:\n    _crash()\nreturn CALL",
        "def _crash():\n    chain = iter(())\n    for _ in range(1000000):\n"
        "        chain = filter(None, chain)\n    return list(chain)\n",
        argument="str list bytes", lure="(A * 13)[:13]",
    ),
    Breakage(
        "latin text only", "native",
        "A = A.encode('latin-1', 'replace').decode('latin-1') if type(A) is str else A\nreturn CALL",
        argument="str", lure="A + '中'",
    ),
    Breakage(
        "text ends at a null", "native", r"A = A.partition('\0')[0]" + "\nreturn CALL",
        argument="str", lure=r"'a\0' + A",
    ),
)  # fmt: skip

BREAKAGES = (
    *VALUES,
    *TYPES,
    *EXCEPTIONS,
    *ARGUMENTS,
    *ORDER,
    *RARE,
    *STATE,
    *BOMBS,
    *CHANCE,
    *ENVIRONMENT,
    *LAZY,
    *RECURSION,
    *NATIVE,
)
