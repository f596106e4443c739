"""Standard output: what a command was asked to show."""

from __future__ import annotations

import os
import sys

from mvx import errors


def put(text: str) -> None:
    """Print a text on standard output, at once, so that a failure is noticed."""
    if sys.stdout is None:  # it was closed when mvx was started
        return
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is still buffered would fail a second time when Python ends, and be told then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise errors.FileFailed(
            f"cannot write to standard output: {error.strerror}", fix="redirect it somewhere else"
        ) from None
