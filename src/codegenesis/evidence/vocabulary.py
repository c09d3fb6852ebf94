"""Names that the static rules know: what is pure, what reaches out, what changes in place."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Standard library without effects, clock, chance or access to the interpreter. An allow-list,
#: because a list of bad modules is never complete.
PURE_MODULES = _words(
    """abc array base64 binascii bisect calendar cmath collections contextlib copy dataclasses
    datetime decimal difflib enum fractions functools graphlib hashlib heapq hmac html ipaddress
    itertools json keyword math numbers operator re reprlib statistics string struct textwrap
    typing unicodedata urllib.parse zlib"""
)

#: Built-ins that reach around the language, or out of the process.
REACHING = _words(
    """__import__ breakpoint compile delattr dir eval exec exit getattr globals help input locals
    memoryview open print quit setattr vars"""
)

#: Dunder names that honest helpers define or use.
PLAIN_DUNDERS = frozenset(
    f"__{name}__"
    for name in _words(
        """init slots name doc len iter next getitem setitem contains missing call eq ne lt le gt
        ge hash add radd iadd sub mul bool post_init"""
    )
)

#: How attributes of frames, code objects, generators and tracebacks begin.
INTERNALS = ("f_", "co_", "gi_", "cr_", "ag_", "tb_", "func_")

#: Methods that change a built-in container in place.
CHANGING = _words(
    """append extend insert remove pop clear sort reverse add discard update setdefault popitem
    appendleft popleft extendleft rotate intersection_update difference_update
    symmetric_difference_update"""
)

#: Built-ins whose call is an effect, and built-ins that answer from beside the arguments.
EFFECTS = _words(
    "print open input exec eval compile __import__ breakpoint setattr delattr exit quit"
)
HIDDEN_INPUTS = _words("id hash")

#: Calls that read the clock, chance or the environment, and the exceptions among them.
CLOCKS = (
    "time.",
    "random.",
    "secrets.",
    "uuid.uuid1",
    "uuid.uuid4",
    "os.environ",
    "os.getenv",
    "os.urandom",
    "os.getpid",
    "os.getcwd",
    "locale.",
    "platform.",
    "socket.gethostname",
)
NOW = _words("now utcnow today")
HARMLESS = (
    "os.path.",
    "os.fspath",
    "sys.intern",
    "sys.getsizeof",
    "typing.",
    "types.",
    "uuid.UUID",
    "time.struct_time",
    "time.strptime",
    "time.strftime",
    "random.Random",
    "zoneinfo.",
    "pathlib.Pure",
)
