"""Proposals, variants and their combinations; the operators as others see them."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap

import pytest

from codegenesis import core, wire
from codegenesis.core import Context, compose, context_for, generate, operators, propose
from codegenesis.core.syntax import signature
from codegenesis.errors import UsageError
from codegenesis.genome import Crash
from codegenesis.model import Observation, Outcome, Trait
from codegenesis.parsing import syntax_tree

TWO_WEAKNESSES = """
def report(self, orders, vip):
    for order in orders:
        if order["customer"] in vip:
            self.text += f"{order['customer']}: "
            self.text += str(sum(vip)) + ";"
    return self.text
"""


def trait(name: str, value: float) -> Trait:
    return Trait(
        gene="g", name=name, value=value, unit="", low=value, high=value, n=99, method="test"
    )


class Owner:
    def __init__(self):
        self.text = ""


def test_a_function_with_several_weaknesses_gets_one_combined_variant(make_gene, make_function):
    gene = make_gene(TWO_WEAKNESSES, kind="method")
    first, *_ = compose(gene, operators(), context=Context())
    assert first.operator == "set_membership+hoist+string_building"
    assert first.gene == gene.id
    assert first.base == gene.base
    assert "set(vip)" in first.source
    assert '"".join(' in first.source
    orders = [{"customer": c} for c in (1, 5, 2)]
    original = make_function(gene.source, name="report")
    combined = make_function(first.source, name="report")
    assert combined(Owner(), orders, [1, 2]) == original(Owner(), orders, [1, 2])


def test_preludes_and_decorators_survive_composition(make_gene, make_function):
    gene = make_gene(
        """
        def ways(n, text):
            if re.match("[0-9]+$", text) is None or n < 2:
                return 1
            return ways(n - 1, text) + ways(n - 2, text)
        """
    )
    context = Context(
        module_source="import re",
        calls=(((3, "1"), {}),),
        results=(1,),
        pure=True,
        deterministic=True,
    )
    pair = [core.operator("regex_hoist"), core.operator("memoise")]
    first, *_ = compose(gene, pair, context=context)
    assert first.operator == "regex_hoist+memoise"
    function = make_function(first.source, module="import re", name="ways")
    assert function(30, "12") == 1346269
    assert function(30, "x") == 1


def test_generate_gives_no_program_twice(make_gene):
    gene = make_gene(TWO_WEAKNESSES, kind="method")
    variants = generate(gene, context=Context())
    programs = [ast.dump(syntax_tree(variant.source)) for variant in variants]
    assert len(programs) == len(set(programs)) >= 4
    assert ast.dump(syntax_tree(gene.source)) not in programs
    assert {v.operator for v in variants} >= {"set_membership", "hoist", "string_building"}


def test_a_chain_may_use_what_another_rewrite_makes_room_for(make_gene):
    gene = make_gene(
        """
        def totals(rows):
            found = []
            for i in range(len(rows)):
                found.append(sum(x for x in rows[i]))
            return found
        """
    )
    first, *_ = generate(gene, context=Context())
    assert {"list_comprehension", "direct_iteration"} <= set(first.operator.split("+"))
    assert "for rows_item in rows" in first.source


def test_one_wrong_link_does_not_spoil_every_chain(make_gene):
    chains = compose(make_gene(TWO_WEAKNESSES, kind="method"), operators(), context=Context())
    links = [set(chain.operator.split("+")) for chain in chains]
    for name in ("set_membership", "hoist", "string_building"):
        assert any(name not in chain for chain in links)


def test_variants_are_bounded_and_every_operator_stands_alone_first(make_gene):
    gene = make_gene(
        """
        def report(rows, names, grid, limit):
            total, best, seen, text = 0, 0, [], ""
            for i in range(len(grid)):
                for j in range(len(grid)):
                    best = max(best, grid[i][j] ** 2)
            for row in sorted(list(rows), key=lambda r: r[1]):
                if row[0] in names and row[0] not in seen:
                    seen.append(row[0])
                    text = str(row[1]) + text
            for x in range(limit):
                total += x
            out = []
            for name in names:
                out.append(name.upper())
            i = 0
            while i < limit:
                if limit % (i + 2) == 0:
                    total += pow(i, limit) % 7
                i += 1
            return total, best, seen, text, out
        """
    )
    variants = generate(gene, context=Context())
    names = [variant.operator for variant in variants if "+" not in variant.operator]
    assert 12 <= len(variants) <= 24
    assert "+" in variants[0].operator
    assert len(set(names)) >= 8


def test_healing_is_not_mixed_with_rewrites_that_must_be_equal(make_gene):
    gene = make_gene("def f(xs, ys): return [1 / x for x in xs if x in ys][0]")
    crashes = (Crash(fingerprint="", type="builtins.ZeroDivisionError", count=1),)
    variants = generate(gene, context=Context(crashes=crashes))
    names = {variant.operator for variant in variants}
    assert {"heal", "set_membership"} <= names
    assert not any("heal" in name.split("+") for name in names - {"heal"})


def test_the_same_gene_gives_the_same_variants(make_gene):
    gene = make_gene(TWO_WEAKNESSES, kind="method")
    ids = [[v.id for v in generate(gene, context=Context())] for _ in range(2)]
    assert ids[0] == ids[1]


def test_proposals_come_in_the_order_of_gain_over_cost(make_gene):
    gene = make_gene(TWO_WEAKNESSES, kind="method")
    traits = [trait("complexity", 2.0), trait("cpu_ns_mean", 1e6)]
    proposals = propose(gene, traits)
    assert {p.operator for p in proposals} == {"set_membership", "hoist", "string_building"}
    assert proposals[0].operator == "set_membership"
    assert all(p.gain > 1 and p.cost_s > 0 and p.reason for p in proposals)
    assert "complexity" in proposals[0].traits


def test_linear_growth_lowers_what_is_expected(make_gene):
    gene = make_gene("def f(xs, ys): return [x for x in xs if x in ys]")
    gains = [propose(gene, [trait("complexity", e)])[0].gain for e in (1.0, 1.5, 2.0)]
    assert gains == sorted(gains)
    assert gains[0] < gains[2]


def test_crashes_and_repeats_bring_their_operators_in(make_gene):
    gene = make_gene("def f(x): return 1 / x")
    assert propose(gene, []) == []
    assert [p.operator for p in propose(gene, [trait("error_rate", 0.2)])] == ["heal"]
    assert [p.operator for p in propose(gene, [trait("repeat_rate", 0.7)])] == ["memoise"]


def test_a_refused_gene_gets_no_proposals(make_gene):
    gene = make_gene(TWO_WEAKNESSES)
    fields = {name: getattr(gene, name) for name in gene.__struct_fields__}
    assert propose(type(gene)(**{**fields, "refused": "a coroutine"}), []) == []


def test_the_context_decodes_what_was_recorded(make_gene, tmp_path):
    path = tmp_path / "shop.py"
    path.write_text("LIMIT = 3\n")
    plain = make_gene("def f(x): return 1 / x")
    fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
    gene = type(plain)(**{**fields, "path": str(path)})
    good = Observation(
        gene=gene.id,
        process="p",
        at_ns=1,
        wall_ns=1,
        cpu_ns=1,
        call=wire.encode_call((2,), {}),
        outcome=Outcome(kind="returned", value=wire.encode(0.5)),
    )
    bad = Observation(
        gene=gene.id,
        process="p",
        at_ns=2,
        wall_ns=1,
        cpu_ns=1,
        call=wire.encode_call((0,), {}),
        error="builtins.ZeroDivisionError",
        fingerprint="builtins.ZeroDivisionError in shop:f",
    )
    junk = Observation(gene=gene.id, process="p", at_ns=3, wall_ns=1, cpu_ns=1, call=b"\xc1")
    context = context_for(gene, [good, bad, junk])
    assert context.module_source == "LIMIT = 3\n"
    assert context.calls == (((2,), {}), ((0,), {}))
    assert context.results == (0.5,)
    assert [crash.name for crash in context.crashes] == ["ZeroDivisionError"]


def test_an_unknown_operator_is_refused_with_the_names_there_are():
    with pytest.raises(UsageError, match="no operator 'magic'") as caught:
        core.operator("magic")
    assert "set_membership" in caught.value.remedy


def test_operators_have_distinct_names_and_follow_the_protocol():
    found = operators()
    assert len({operator.name for operator in found}) == len(found) >= 12
    assert all(isinstance(operator, core.Operator) for operator in found)
    assert all(operator.improves for operator in found)


MODULES = """
argparse base64 bisect calendar cmd code colorsys configparser contextlib copy csv
dataclasses difflib fnmatch fractions functools getopt gettext glob graphlib heapq hmac
html io json.decoder json.encoder keyword linecache mimetypes netrc numbers operator
pprint quopri random reprlib sched shlex statistics string stringprep tabnanny textwrap
token
""".split()  # noqa: SIM905 (a list of words)
LARGE = ("argparse", "configparser", "calendar")
CRASHES = ("ZeroDivisionError", "IndexError", "KeyError", "TypeError", "ValueError")


@pytest.mark.parametrize(
    "module",
    [pytest.param(each, marks=pytest.mark.slow) if each in LARGE else each for each in MODULES],
)
def test_every_variant_of_the_standard_library_compiles_and_keeps_its_signature(module, make_gene):
    source = inspect.getsource(importlib.import_module(module))
    lines = source.splitlines()
    kind = CRASHES[MODULES.index(module) % len(CRASHES)]
    context = Context(
        module_source=source,
        crashes=(Crash(fingerprint=kind, type=f"builtins.{kind}", count=1),),
        calls=(((1,), {}),),
        results=(1,),
        pure=True,
        deterministic=True,
    )
    for node in _outer_functions(syntax_tree(source)):
        text = textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])) + "\n"
        gene = make_gene(text)
        for operator in operators():
            for variant in operator.write(gene, context=context):
                compile(variant.source, module, "exec", dont_inherit=True)
                assert signature(variant.source) == signature(text)


def _outer_functions(tree: ast.Module):
    """Functions and methods that are not nested in others (those may need their surroundings)."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                if not _long(child):
                    yield child
            elif not isinstance(child, ast.AsyncFunctionDef):
                stack.append(child)


def _long(node: ast.FunctionDef) -> bool:
    """Keeps the suite quick; long functions are covered by the sweep in the report."""
    return (node.end_lineno or node.lineno) - node.lineno > 30
