# ruff: noqa: SIM905 (lists of words read better as words)
"""Calls that are known to have no effect, and methods that are known to change their object.

Names decide, not objects: a project's own class may well have an `append` that changes nothing.
Rewrites may be wrong on that; the evidence decides.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.syntax.text import code

#: Builtins whose result depends on nothing but their arguments.
BUILTINS = frozenset(
    "abs all any ascii bin bool bytes chr complex dict divmod float format frozenset hash hex int "
    "isinstance issubclass len list max min oct ord pow range repr round set slice sorted str sum "
    "tuple type getattr hasattr callable".split()
)

#: Builtins that read their arguments but return an iterator, which can be used up only once.
ITERATORS = frozenset("enumerate filter iter map reversed zip".split())

#: Of `BUILTINS`, those whose result can be changed by whoever gets it.
FRESH = frozenset("dict list set sorted".split())

#: Methods of builtin and stdlib types that only look.
METHODS = frozenset(
    "bit_length capitalize casefold center conjugate copy count date decode difference encode "
    "endswith expandtabs find format format_map fromhex fullmatch get hex hexdigest index "
    "intersection isalnum isalpha isascii isdecimal isdigit isdisjoint isidentifier islower "
    "isnumeric isoformat isprintable isspace issubset issuperset istitle isupper items join keys "
    "ljust lower lstrip match most_common partition removeprefix removesuffix replace rfind rindex "
    "rjust rpartition rsplit rstrip search split splitlines startswith strftime strip swapcase "
    "symmetric_difference timestamp title to_bytes total_seconds toordinal translate union upper "
    "values weekday zfill findall sub subn fromisoformat strptime fromtimestamp group groups "
    "groupdict quantize".split()
)

#: Of `METHODS`, those whose result can be changed by whoever gets it.
FRESH_METHODS = frozenset(
    "copy difference intersection rsplit split splitlines symmetric_difference union "
    "findall".split()
)

#: Modules of functions without effects.
MODULES = frozenset("math cmath re operator statistics unicodedata fnmatch posixpath".split())

#: Dotted callables that are pure though their module is not.
DOTTED = frozenset(
    "datetime.strptime datetime.datetime.strptime datetime.fromisoformat os.path.join "
    "os.path.basename os.path.dirname os.path.splitext itertools.chain json.dumps json.loads "
    "functools.reduce copy.deepcopy decimal.Decimal fractions.Fraction operator.itemgetter "
    "operator.attrgetter collections.Counter".split()
)

#: Names that are usually imported from modules of pure functions.
IMPORTED = frozenset(
    "Decimal Fraction Counter itemgetter attrgetter timedelta sqrt floor ceil escape".split()
)

#: Methods that change the object they are called on.
MUTATORS = frozenset(
    "add append appendleft clear discard extend extendleft insert pop popitem popleft remove "
    "reverse rotate setdefault sort update difference_update intersection_update "
    "symmetric_difference_update write writelines read readline readlines seek send throw close "
    "put get_nowait put_nowait execute executemany commit rollback subtract move_to_end shuffle "
    "push enqueue dequeue __setitem__ __delitem__ __setattr__".split()
)


def pure_call(call: cst.Call) -> bool:
    """Whether the call is known to have no effect and to depend on nothing but its arguments."""
    match call.func:
        case cst.Name(value=name):
            return name in BUILTINS or name in IMPORTED
        case cst.Attribute(value=base, attr=cst.Name(value=name)):
            if isinstance(base, cst.Name) and base.value in MODULES:
                return True
            return name in METHODS or code(call.func) in DOTTED
    return False


def fresh(node: cst.CSTNode) -> bool:
    """Whether the expression makes a new object that its user could change."""
    match node:
        case cst.List() | cst.Dict() | cst.Set() | cst.ListComp() | cst.SetComp() | cst.DictComp():
            return True
        case cst.Call(func=cst.Name(value=name)):
            return name in FRESH or name not in BUILTINS
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name in FRESH_METHODS or name not in METHODS
        case cst.BinaryOperation():
            return fresh(node.left) or fresh(node.right)
    return False
