"""Sandboxes are opened under the owner's settings, with limits from what the original uses."""

from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.config import load
from codegenesis.lifecycle.jails import LEAST_BYTES, bounded, limits_for, open_sandbox
from codegenesis.lifecycle.targets import locate
from codegenesis.sandbox import Limits

MODULE = "def big(megabytes):\n    return len(bytearray(megabytes << 20))\n"
MIB = 1 << 20


@pytest.fixture
def sandbox(tmp_path: Path):
    (tmp_path / "sizes.py").write_text(MODULE)
    gene = locate("sizes:big", service="test", cwd=tmp_path)
    config = load(overrides={"tier": "L2"}, start=tmp_path, environ={})
    with open_sandbox(gene, config, limits=Limits(memory_bytes=2 << 30)) as opened:
        yield opened


def test_content_with_less_gets_the_best_that_there_is(sandbox):
    assert sandbox.tier == "L3"


def test_memory_is_bounded_by_what_the_original_took(sandbox):
    with sandbox.candidate("big", None) as original:
        outcomes = [original.call(wire.encode_call((size,), {})) for size in (1, 12)]
    assert outcomes[-1].peak_bytes > 12 * MIB
    sandbox.limit(bounded(sandbox.limits, outcomes))
    assert LEAST_BYTES < sandbox.limits.real_bytes < Limits().real_bytes
    with sandbox.candidate("big", None) as greedy:
        outcome = greedy.call(wire.encode_call((900,), {}))
    assert outcome.kind == "died"
    assert "memory" in outcome.detail


def test_a_small_original_leaves_room_and_cpu_follows_the_dearest_call():
    assert bounded(Limits(), []).real_bytes == LEAST_BYTES
    assert limits_for([]).cpu_s < Limits().cpu_s
    assert limits_for([], native=True).setup_s > limits_for([]).setup_s
