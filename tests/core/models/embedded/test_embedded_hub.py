"""Models from a hub: what is fetched, what is refused, and how a broken download goes on."""

import threading

import msgspec
import pytest

from codegenesis.core.models.embedded import installed
from codegenesis.core.models.embedded.catalogue import entry
from codegenesis.core.models.embedded.download import Cancelled, Unavailable
from codegenesis.core.models.embedded.hub import HubSource
from codegenesis.core.models.embedded.installing import fetch
from codegenesis.core.models.embedded.partial import partial_of
from codegenesis.errors import UsageError, VerificationError

PATH = "/makers/tiny-GGUF/resolve/main/tiny-q4.gguf"


@pytest.fixture
def half(cache, wanted, model):
    """Half of the model, left by an earlier attempt."""
    cache.mkdir()
    left = partial_of(cache, wanted)
    left.write_bytes(model[:50_000])
    return left


def test_a_model_is_fetched_checked_and_noted(hub, wanted, cache, model):
    seen = []
    done = fetch(wanted, sources=(hub,), cache=cache, progress=lambda *now: seen.append(now))
    assert done.path.read_bytes() == model
    assert installed(cache=cache) == (done,)
    assert done.source == "hub makers/tiny-GGUF@main"
    assert seen[0] == (0, len(model))
    assert seen[-1] == (len(model), len(model))
    assert seen == sorted(seen)
    assert not list(cache.glob("*.partial"))


def test_what_is_installed_is_not_fetched_again(hub, site, wanted, cache):
    first = fetch(wanted, sources=(hub,), cache=cache)
    site.asked.clear()
    assert fetch(wanted, sources=(hub,), cache=cache) == first
    assert not site.asked


def test_a_connection_that_breaks_goes_on_where_it_broke(hub, site, wanted, cache, model):
    site.breaks = [30_000, 20_000]
    done = fetch(wanted, sources=(hub,), cache=cache)
    assert done.path.read_bytes() == model
    assert [each.range for each in site.gets("/blobs")] == ["", "bytes=30000-", "bytes=50000-"]


def test_another_run_goes_on_where_the_last_one_ended(hub, site, wanted, cache, half):
    fetch(wanted, sources=(hub,), cache=cache)
    assert [each.range for each in site.gets("/blobs")] == ["bytes=50000-"]


def test_a_server_that_serves_no_parts_is_read_from_the_beginning(
    hub, site, wanted, cache, model, half
):
    site.ranges = False
    assert fetch(wanted, sources=(hub,), cache=cache).path.read_bytes() == model


def test_a_corrupt_part_is_noticed_and_only_what_is_sound_is_kept(
    hub, site, wanted, cache, model, half
):
    half.write_bytes(model[:40_000] + b"x" * 45_000)
    assert fetch(wanted, sources=(hub,), cache=cache).path.read_bytes() == model
    assert [each.range for each in site.gets("/blobs")] == ["bytes=40000-"]


def test_a_corrupt_part_of_a_file_without_blocks_is_noticed_at_the_end(
    hub, site, wanted, cache, model, half
):
    plain = msgspec.structs.replace(wanted, blocks=(), block_bytes=0)
    half.write_bytes(b"x" * 50_000)
    said = []
    done = fetch(plain, sources=(hub,), cache=cache, tell=said.append)
    assert done.path.read_bytes() == model
    assert [each.range for each in site.gets("/blobs")] == ["bytes=50000-", ""]
    assert "beginning anew" in said[-1]


def test_bytes_that_are_not_what_was_promised_are_deleted(hub, site, wanted, cache, model):
    site.files["/blobs/tiny"] = model[:-1] + b"?"
    with pytest.raises(VerificationError, match=wanted.sha256):
        fetch(wanted, sources=(hub,), cache=cache)
    assert not installed(cache=cache)
    assert not list(cache.glob("*.partial"))


def test_a_hub_that_tells_another_digest_is_refused_before_anything_is_fetched(
    hub, site, wanted, cache
):
    site.headers[PATH]["X-Linked-Etag"] = f'"{"0" * 64}"'
    with pytest.raises(VerificationError, match="is not the file that is known here"):
        fetch(wanted, sources=(hub,), cache=cache)
    assert not site.gets("/blobs")


def test_a_file_of_the_hub_is_held_to_the_digest_that_the_hub_tells(hub, wanted, cache, site):
    named = entry("makers/tiny-GGUF/tiny-q4.gguf")
    done = fetch(named, sources=(hub,), cache=cache)
    assert (done.sha256, done.bytes) == (wanted.sha256, wanted.bytes)
    site.headers[PATH]["X-Linked-Etag"] = '"not-a-digest"'
    with pytest.raises(Unavailable, match="tells no sha256"):
        fetch(named, sources=(hub,), cache=cache / "other")


def test_an_endless_file_does_not_fill_the_disk(hub, site, wanted, cache, model):
    site.files["/blobs/tiny"] = model * 20
    with pytest.raises(Unavailable, match="longer than 100000"):
        fetch(wanted, sources=(hub,), cache=cache)
    assert sum(each.stat().st_size for each in cache.iterdir()) <= len(model)


def test_a_token_stays_with_the_hub(hub, site, wanted, cache, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_planted")
    fetch(wanted, sources=(hub,), cache=cache)
    assert {each.authorization for each in site.gets("/resolve")} == {"Bearer hf_planted"}
    assert {each.authorization for each in site.gets("/blobs")} == {""}


def test_a_hub_that_is_not_there_is_said(site, wanted, cache, hub):
    gone = HubSource(environ={"HF_ENDPOINT": "http://127.0.0.1:9"})
    with pytest.raises(Unavailable, match="the hub does not give tiny"):
        fetch(wanted, sources=(gone,), cache=cache)


def test_a_file_that_the_hub_does_not_have_is_said(hub, site, cache):
    with pytest.raises(Unavailable, match=r"the hub does not give makers/none/a\.gguf"):
        fetch(entry("makers/none/a.gguf"), sources=(hub,), cache=cache)


def test_busy_servers_are_asked_again(hub, site, wanted, cache):
    site.statuses = [503]
    assert fetch(wanted, sources=(hub,), cache=cache).bytes == wanted.bytes


def test_what_was_fetched_before_a_stop_is_kept(hub, site, wanted, cache, model):
    stop = threading.Event()

    def stop_at_half(had, total):
        if had * 2 >= total:
            stop.set()

    site.files["/blobs/tiny"] = model
    with pytest.raises(Cancelled):
        fetch(wanted, sources=(hub,), cache=cache, progress=stop_at_half, cancelled=stop)
    kept = partial_of(cache, wanted).stat().st_size
    assert kept > 0
    fetch(wanted, sources=(hub,), cache=cache)
    assert site.gets("/blobs")[-1].range == f"bytes={kept}-"


@pytest.mark.parametrize("name", ["tiny", "a/b", "a/b/c.bin", "../b/c.gguf", "a/b/c/d.gguf"])
def test_names_that_mean_nothing_say_what_would(name):
    with pytest.raises(UsageError, match=r"OWNER/REPO/FILE\.gguf"):
        entry(name)
