"""Reasons of releases name segments, which clients may have chosen: they steer no terminal."""

import pytest

from codegenesis.model import Gene, Release, Variant
from codegenesis.store import Store

ODD = "worse for segment [/] [red]\x1b[31m\u202e"
SOURCE = "def f(x):\n    return x\n"


@pytest.fixture
def release(project):
    """A release under way whose reason is odd."""
    (project / "m.py").write_text(SOURCE)
    gene = Gene(
        service="app", module="m", qualname="f", kind="function", path=str(project / "m.py"),
        root=str(project), line=1, source=SOURCE,
    )  # fmt: skip
    variant = Variant(gene=gene.id, base=gene.base, source=SOURCE, operator="test")
    release = Release(
        id="r1", gene=gene.id, variant=variant.id, base=gene.base, stage="live", reason=ODD,
        created_ns=1, updated_ns=1, expires_ns=1 << 62,
    )  # fmt: skip
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        store.put_genes([gene])
        store.put_variant(variant)
        store.put_release(release)
    return release


@pytest.mark.parametrize("command", [("status",), ("show", "r1")])
def test_odd_reasons_are_spelled_out(run, release, command):
    done = run(*command)
    assert done.code == 0, done.err
    plain = "".join(done.out.split())
    assert r"segment[/][red]\x1b[31m\u202e" in plain


def test_what_was_moved_is_told_with_its_reason_as_it_is(run, release):
    done = run("rollback", "m:f", "--reason", ODD)
    assert done.code == 0, done.err
    assert r"segment[/][red]\x1b[31m\u202e" in "".join(done.out.split())
