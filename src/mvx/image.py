"""The agent's image: the flat binary that is put into every process of every variant."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

from mvx.errors import InternalError
from mvx.layout import IMAGE_MAGIC, IMAGE_SIZE, PROTOCOL_VERSION
from mvx.records import IMAGE


class Image(NamedTuple):
    """Bytes of the image and the offsets of its doors (see records.IMAGE)."""

    content: bytes
    offsets: dict[str, int]


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
