"""The doctor names each feature of the kernel, what it is for, and the tier it comes to."""

import pytest

from codegenesis.cli import health
from codegenesis.sandbox import Feature


def kernel(**available):
    steps = {"namespaces": "L3", "mounts": "L3", "landlock": "L2", "seccomp": "L2"}
    return [
        Feature(
            name=name, available=available.get(name, True), purpose=f"why {name}",
            remedy=f"mend {name}", tier=tier, detail="ABI version 7" if name == "landlock" else "",
        )
        for name, tier in steps.items()
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "tier", "words"),
    [
        ({}, "tier L3", ["ok       landlock, ABI version 7: why landlock"]),
        (
            {"namespaces": False, "mounts": None}, "tier L2",
            ["MISSING  namespaces: why namespaces", "mend namespaces", "be content with it"],
        ),
        ({"landlock": False, "seccomp": None}, "no tier", ["MISSING  landlock", "mend landlock"]),
    ],
)  # fmt: skip
def test_the_kernel_is_told_feature_by_feature(monkeypatch, run, missing, tier, words):
    """What a kernel lacks is given here; that it is found out is tested with the sandbox."""
    monkeypatch.setattr(health, "features", lambda: kernel(**missing))
    done = run("doctor")
    text = " ".join(done.out.split())
    assert f"{'ok' if tier == 'tier L3' else 'MISSING'} {tier}" in text
    assert all(" ".join(word.split()) in text for word in words)
    assert (done.code == 0) == (tier == "tier L3")
    content = run("doctor", "--set", "tier=L2")
    assert (content.code == 0) == (tier != "no tier")
    assert done.code in (0, 8)
