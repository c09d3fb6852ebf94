"""Models from the hub (huggingface.co, or the mirror that `HF_ENDPOINT` names).

`huggingface_hub` knows the hub's addresses, tokens and headers, and is asked for these; the bytes
come by our own `download`. The hub publishes the sha256 of every large file: where the catalogue
has none it is taken from there, which protects against a broken download and not against the hub.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import msgspec

from codegenesis.core.models.embedded.catalogue import Entry, Hub
from codegenesis.core.models.embedded.download import Unavailable, download, trust
from codegenesis.core.models.embedded.process import require_extra
from codegenesis.errors import ModelError, VerificationError

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGENT = "codegenesis"


class HubSource:
    """See `Source`.

    Args:
        environ: where `HF_ENDPOINT` may stand.
    """

    name = "hub"

    def __init__(self, *, environ: Mapping[str, str] | None = None) -> None:
        self._endpoint = (os.environ if environ is None else environ).get("HF_ENDPOINT", "")

    def pin(self, entry: Entry) -> Entry:
        """See `Source`."""
        hub = _hub(entry)
        told = self._metadata(entry, hub)
        digest, size = (told.etag or "").lower(), told.size or 0
        if not _SHA256.fullmatch(digest) or size <= 0:
            raise Unavailable(f"the hub tells no sha256 of {hub.repo}/{hub.file}")
        if entry.sha256 and (digest, size) != (entry.sha256, entry.bytes):
            raise VerificationError(
                f"the hub's {hub.repo}/{hub.file} is not the file that is known here: expected "
                f"sha256 {entry.sha256}, it tells {digest}",
                remedy="Update CodeGenesis, or name the hub's file itself as OWNER/REPO/FILE.gguf.",
            )
        return msgspec.structs.replace(entry, sha256=digest, bytes=size)

    def words(self, entry: Entry) -> str:
        """See `Source`."""
        hub = _hub(entry)
        return f"hub {hub.repo}@{hub.revision}"

    def spare_bytes(self, entry: Entry) -> int:
        """See `Source`."""
        del entry
        return 0

    def fill(
        self,
        entry: Entry,
        partial: Path,
        *,
        arrived: Callable[[int], None],
        cancelled: threading.Event | None,
    ) -> None:
        """See `Source`."""
        from huggingface_hub import get_token

        token = get_token()
        # Redirects to other hosts do not get the token: the client drops it there.
        with httpx2.Client(verify=trust()) as client:
            download(
                client,
                self._url(_hub(entry)),
                partial,
                most_bytes=entry.bytes,
                headers={"Authorization": f"Bearer {token}"} if token else {},
                arrived=arrived,
                cancelled=cancelled,
            )

    def _metadata(self, entry: Entry, hub: Hub) -> HfFileMetadata:
        try:
            require_extra("huggingface_hub")
        except ModelError as error:
            raise Unavailable(str(error), remedy=error.remedy) from error
        from huggingface_hub import get_hf_file_metadata
        from huggingface_hub.errors import EntryNotFoundError

        try:
            return get_hf_file_metadata(self._url(hub), library_name=_AGENT)
        except (httpx2.HTTPError, OSError, ValueError, EntryNotFoundError) as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise Unavailable(f"the hub does not give {entry.name}: {said[0]}") from error

    def _url(self, hub: Hub) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(
            hub.repo, hub.file, revision=hub.revision, endpoint=self._endpoint.rstrip("/") or None
        )


def _hub(entry: Entry) -> Hub:
    if entry.hub is None:
        raise Unavailable(f"{entry.name} is not on the hub")
    return entry.hub
