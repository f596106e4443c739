"""The agent's image: the flat binary that is put into every process of every variant."""

from __future__ import annotations

import fcntl
import functools
import os
from pathlib import Path
from typing import Final, NamedTuple

from mvx.errors import InternalError
from mvx.layout import IMAGE_MAGIC, IMAGE_SIZE, PROTOCOL_VERSION
from mvx.records import IMAGE

_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Image(NamedTuple):
    """Bytes of the image and the offsets of its doors (see records.IMAGE)."""

    content: bytes
    offsets: dict[str, int]

    def file(self) -> int:
        """A descriptor of a file in memory with the image that nobody can change: what variants map
        of it, they share.
        """
        descriptor = os.memfd_create("mvx-agent", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.write(descriptor, self.content)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        return descriptor


@functools.cache
def load() -> Image:
    """Read the image that was installed with the package; it must be of this package's protocol
    version.
    """
    path = Path(__file__).with_name("agent.bin")
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the agent's image {path} cannot be read: {error.strerror}"
        raise InternalError(message, fix="install mvx again") from error
    offsets = IMAGE.unpack(content[: IMAGE.size])
    if offsets["magic"] != IMAGE_MAGIC or offsets["version"] != PROTOCOL_VERSION:
        message = f"the agent's image {path} belongs to another version of mvx"
        raise InternalError(message, fix="install mvx again")
    if len(content) > IMAGE_SIZE:
        message = f"the agent's image {path} is larger than its place"
        raise InternalError(message, fix="install mvx again")
    return Image(content, offsets)
