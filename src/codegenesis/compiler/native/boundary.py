"""The edge of a Cython build: values come in as copies of its own, results and changes go out.

While compiled code runs nothing of the caller's is touched: mutable inputs (arguments and
module-level values that are read) are copied in, once per identity, so that aliases stay
aliases. Only when the result is there are changes written back into the originals. Until then
any refusal or exception leaves no trace, and the Python body starts from the beginning.
"""

from __future__ import annotations

from codegenesis.compiler.native.calls import function_name
from codegenesis.compiler.native.program import ENTRY
from codegenesis.compiler.native.types import FLOAT, INT, OBJECT, T, item_type
from codegenesis.compiler.native.world import E, UnsupportedError, World

_COMMON = """\
cdef object home_ = None
cdef dict seen_ = {}
cdef bint busy_ = False
cdef dict given_ = {}
cdef dict real_ = {}
cdef dict kinds_ = {}
cdef object known_(object o):
    pair = given_.get(id(o))
    return None if pair is None else pair[1]
cdef object came_(object o, object native):
    given_[id(o)] = (o, native)
    return native
cdef bint same_(object a, object b) except -1:
    if type(a) is not type(b) or a != b:
        return False
    return type(a) is not float or a != 0.0 or str(a) == str(b)
cdef dict copied_dict(object o):
    if type(o) is not dict:
        raise Outside()
    for key in o:
        plain(key, 0)
        plain(o[key], 0)
    return <dict>came_(o, dict(o))
cdef set copied_set(object o):
    if type(o) is not set:
        raise Outside()
    cdef set made = set(o)
    for each, same in zip(o, made):
        plain(each, 0)
        if each is not same:  # a copy may have another order
            raise Outside()
    return <set>came_(o, made)
cdef object fields_(object o):
    found = dict(getattr(o, "__dict__", {}))
    for kind in type(o).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in ((slots,) if isinstance(slots, str) else slots):
            if hasattr(o, slot):
                found[slot] = getattr(o, slot)
    return found
"""

_OUTWARD = """\
cdef object outward(object o, dict done):
    kind = type(o)
    if kind in (int, float, str, bytes, bool, range, complex) or o is None:
        return o
    if id(o) in done:
        return done[id(o)][0]
    if kind is tuple:
        made = tuple([outward(each, done) for each in o])
        for index in range(len(o)):
            if made[index] is not o[index]:
                return made
        return o
    if kind is list:
        done[id(o)] = (o, o)
        for index in range(len(o)):
            o[index] = outward(o[index], done)
        return o
    if kind is dict:
        done[id(o)] = (o, o)
        for key in o:
            plain(key, 0)
            o[key] = outward(o[key], done)
        return o
    if kind is set or kind is frozenset:
        for each in o:
            plain(each, 0)
        return o
{arrays}{instances}    raise Outside()
"""


def boundary(world: World) -> list[str]:
    """The entry and what it needs; after the functions, whose demands it has to know."""
    edge = _Edge(world)
    return edge.lines()


class _Edge:
    def __init__(self, world: World) -> None:
        self._world = world
        self._readers: dict[T, str] = {}
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        entry = self._entry()
        return [
            *_COMMON.splitlines(),
            *self._outward().splitlines(),
            *self._lines,
            *self._written_back(),
            *self._check(),
            *entry,
        ]

    # --- in ---

    def _read(self, t: T, code: str) -> str:
        """The expression that takes an outside object in."""
        if t.is_flat:
            return f"o2{self._world.letter(t)}({code})"
        if t.kind in ("str", "bytes", "range"):
            return self._world.to(E(f"plain({code}, 0)", OBJECT), t)
        if t.kind == "set" and "set" in self._world.changed:
            raise UnsupportedError("it changes sets, and copies may grow in another order")
        if t.kind in ("dict", "set"):
            return f"copied_{t.kind}({code})"
        if t.kind in ("object", "none"):
            return f"plain({code}, 0)"
        return f"{self._reader(t)}({code})"

    def _reader(self, t: T) -> str:
        name = self._readers.get(t)
        if name is None:
            name = self._readers[t] = f"in{len(self._readers)}"
            self._lines += self._reader_lines(name, t)
        return name

    def _reader_lines(self, name: str, t: T) -> list[str]:
        held = self._world.held(t)
        head = [f"cdef {held} {name}(object o):", "    if o is None:", "        return None"]
        if t.kind == "tuple":
            return [*head, *self._tuple_lines(t)]
        head += ["    known = known_(o)", "    if known is not None:"]
        head.append(f"        return {self._world.to(E('known', OBJECT), t)}")
        if t.kind == "vec":
            return [*head, "    if type(o) is not list: raise Outside()",
                    f"    return <{held}>came_(o, V{t.of[0]}_from(o))"]  # fmt: skip
        if t.kind == "array":
            test = f"type(o) is not array_ or o.typecode != {t.of[1]!r}"
            return [*head, f"    if {test}: raise Outside()",
                    f"    return <{held}>came_(o, V{t.of[0]}_coded("
                    f"V{t.of[0]}_from(o.tolist()), {ord(t.of[1])}))"]  # fmt: skip
        if t.kind == "list":
            inner = item_type(t)
            item = self._world.boxed(E(self._read(inner, "each"), inner))
            return [*head, "    if type(o) is not list: raise Outside()",
                    "    cdef list made = []", "    came_(o, made)", "    for each in o:",
                    f"        made.append({item})", "    return made"]  # fmt: skip
        return [*head, *self._struct_lines(t)]

    def _tuple_lines(self, t: T) -> list[str]:
        items = [
            self._world.boxed(E(self._read(inner, f"o[{index}]"), inner))
            for index, inner in enumerate(t.of)
        ]
        made = f"({', '.join(items)},)" if items else "()"
        return [f"    if type(o) is not tuple or len(o) != {len(t.of)}: raise Outside()",
                f"    return {made}"]  # fmt: skip

    def _struct_lines(self, t: T) -> list[str]:
        """Dispatch on the class of the instance; each class is taken in by its attributes."""
        world, (name,) = self._world, t.of
        lines = [f"    cdef C_{world.root(name)} made", "    kind = kinds_.get(type(o))"]
        for heir in world.program.heirs(name):
            lines.append(f"    if kind == {heir!r}: made = C_{heir}.__new__(C_{heir})")
        lines += ["    if made is None: raise Outside()", "    came_(o, made)"]
        lines.append("    for key, item in fields_(o).items():")
        for attribute, inner in world.attributes(name).items():
            world.access[world.root(name), attribute] = inner
            setter = f"set_{world.root(name)}_{attribute}"
            lines.append(f"        if key == {attribute!r}:")
            lines.append(f"            {setter}(made, {self._read(inner, 'item')}); continue")
        return [*lines, "        raise Outside()", f"    return <C_{name}>made"]

    # --- out ---

    def _outward(self) -> str:
        arrays = "".join(
            f"    if kind is V{letter}:\n        made = V{letter}_real(o)\n"
            "        done[id(o)] = (made, o)\n        return made\n"
            for letter in "ldn"
        )
        return _OUTWARD.format(arrays=arrays, instances=self._instances())

    def _instances(self) -> str:
        world, lines = self._world, []
        for name in world.program.classes:
            root = world.root(name)
            lines += [f"    if kind is C_{name}:", f"        cls = real_[{name!r}]"]
            lines += ["        made = cls.__new__(cls)", "        done[id(o)] = (made, o)"]
            lines.append(f"        fill_{root}(<C_{root}>o, made, done)")
            lines.append("        return made")
        return "".join(f"{line}\n" for line in lines)

    def fillers(self) -> list[str]:
        """`fill_C(native, real, done)`: set the attributes of the real instance."""
        world, lines = self._world, []
        for name in world.program.classes:
            if world.root(name) != name:
                continue
            lines.append(f"cdef int fill_{name}(C_{name} o, object real, dict done) except -1:")
            for attribute, t in world.attributes(name).items():
                world.access[name, attribute] = t
                boxed = world.boxed(E(f"o.a_{attribute}", t))
                value = boxed if t.is_flat else f"outward({boxed}, done)"
                lines.append(f"    if has_{name}_{attribute}(o):")
                lines.append(f"        object.__setattr__(real, {attribute!r}, {value})")
            lines.append("    return 0")
        return lines

    def _written_back(self) -> list[str]:
        """Changes go into the originals, after all that could still be refused."""
        world, lines = self._world, self.fillers()
        lines += ["cdef object write_back(dict done):", "    plan = []"]
        lines.append("    for o, native in list(given_.values()):")
        lines.append("        done[id(native)] = (o, native)")
        lines.append("    for o, native in list(given_.values()):")
        lines.append("        kind = type(native)")
        if "vec" in world.changed:
            for letter in "ldn":
                test = f"kind is V{letter} and type(o) is list"
                lines.append(f"        if {test}: plan.append((o, V{letter}_list(native)))")
        if "array" in world.changed:
            for letter in "ld":
                lines.append(f"        if kind is V{letter} and type(o) is array_:")
                lines.append(f"            plan.append((o, V{letter}_real(native)))")
        if "list" in world.changed:
            lines.append("        if kind is list:")
            lines.append("            plan.append((o, [outward(each, done) for each in native]))")
        for kind in ("dict", "set"):
            if kind in world.changed:
                lines.append(f"        if kind is {kind}:")
                lines.append(f"            plan.append((o, {kind}(native)))")
        lines += ["    return plan"]
        lines += ["cdef int commit_(object plan, dict done) except -1:"]
        lines += ["    for o, new in plan:", "        if type(o) is dict or type(o) is set:"]
        lines += ["            o.clear()", "            o.update(new)"]
        lines += ["        else:", "            o[:] = new"]
        if "struct" in world.changed:
            lines.append("    for o, native in list(given_.values()):")
            lines.append("        pass")
            for name in world.program.classes:
                if world.root(name) == name:
                    lines.append(f"        if isinstance(native, C_{name}):")
                    lines.append(f"            fill_{name}(<C_{name}>native, o, done)")
        return [*lines, "    return 0"]

    # --- the entry ---

    def _check(self) -> list[str]:
        """What was written into the build is still what the module says."""
        world = self._world
        lines = ["cdef int check_() except -1:", "    names = home_"]
        for name in sorted(self._expected()):
            lines.append(f"    if names.get({name!r}) is not seen_[{name!r}]: raise Outside()")
        for path, value in world.checked.items():
            owner, _, attribute = path.rpartition(".")
            got = f"names.get({path!r})"
            if owner:
                got = f"getattr(names.get({owner!r}), {attribute!r}, None)"
            lines.append(f"    if not same_({got}, {value!r}): raise Outside()")
        return [*lines, "    return 0"]

    def _expected(self) -> list[str]:
        """Names of the module whose objects must be those that were bound."""
        program = self._world.program
        own = [name for name in program.functions if name != ENTRY]
        return [*own, *program.classes, *program.imports]

    def _entry(self) -> list[str]:
        world = self._world
        signature = world.signature(ENTRY)
        names = [f"p_{name}" for name, _ in signature.parameters]
        taken = [
            self._read(t, name) for name, (_, t) in zip(names, signature.parameters, strict=True)
        ]
        lines = self._bind()
        lines += [f"def enter({', '.join(names)}):", "    global busy_, depth_, bad_"]
        lines += [f"    global g_{name}" for name in world.read_globals]
        lines += ["    if busy_: raise Outside()", "    busy_ = True", "    depth_ = 0"]
        lines.append("    bad_ = False")
        lines.append("    cdef dict done = {}")
        if world.uses_random:
            lines.append("    global random_random, random_bits")
            lines.append("    random_random, random_bits = random_.random, random_.getrandbits")
            lines.append("    state = random_.getstate()")
        lines += ["    try:", "        check_()"]
        for name in world.read_globals:
            t = world.typing.at(f"global:{name}")
            lines.append(f"        g_{name} = {self._read(t, f'home_[{name!r}]')}")
        call = E(f"{function_name(ENTRY)}({', '.join(taken)})", signature.result)
        lines += self._finish(call)
        lines.append("    except BaseException:")
        lines.append("        random_.setstate(state)" if world.uses_random else "        pass")
        lines += ["        raise", "    finally:", "        busy_ = False"]
        lines += ["        if given_: given_.clear()"]
        for name in world.read_globals:
            if not world.typing.at(f"global:{name}").is_flat:
                lines.append(f"        g_{name} = None")
        return lines

    def _finish(self, call: E) -> list[str]:
        world = self._world
        written = [name for name in world.program.written if name in world.read_globals]
        if call.t.is_flat:
            lines = [f"        result = {world.boxed(call)}", "        if given_:"]
            lines += ["            plan = write_back(done)", "            commit_(plan, done)"]
            lines.insert(1, "        check_bad()")
        else:
            lines = [
                f"        native = {call.code}",
                "        check_bad()",
                "        plan = write_back(done)",
            ]
            lines += ["        result = outward(native, done)", "        commit_(plan, done)"]
        for name in written:
            t = world.typing.at(f"global:{name}")
            if t.is_flat:
                lines.append(f"        home_[{name!r}] = {world.boxed(E(f'g_{name}', t))}")
            else:
                lines.insert(0, "        raise Outside()  # rebinds what is no number")
        return [*lines, "        return result"]

    def _bind(self) -> list[str]:
        """`bind(fallback)`: learn which module this is for, from the function beside it."""
        lines = ["def bind(fallback):", "    global home_", "    home_ = fallback.__globals__"]
        for name in sorted(self._expected()):
            lines.append(f"    seen_[{name!r}] = home_.get({name!r})")
        for name in self._world.program.classes:
            lines.append(f"    real_[{name!r}] = home_.get({name!r})")
            lines.append(f"    kinds_[real_[{name!r}]] = {name!r}")
        return [*lines, "    return enter"]


__all__ = ["FLOAT", "INT", "boundary"]
