"""Moving memory between the monitor and its variants.

:class:`Memory` is what the supervisor uses: for every size the transport that is the quickest on
this machine. All transports have one interface (:mod:`mvx.memory.transport`): those that reach into
a process (:mod:`mvx.memory.foreign`) and those in which the other process moves its half
(:mod:`mvx.memory.shared`). `mvx bench memory` compares them.
"""

from __future__ import annotations

import errno

from mvx.memory.choice import NEVER, Choice, best
from mvx.memory.foreign import File, Vectors, Words


class Memory:
    """A variant's address space, open for reading and writing until :meth:`close`.

    ``/proc/PID/mem`` can do everything, so the others are only ever tried before it: ptrace needs a
    stopped task, process_vm_writev a writable page, process_vm_readv a program that has not become
    somebody else since.
    """

    def __init__(self, pid: int, chosen: Choice | None = None) -> None:
        """Open the memory of a stopped process; `chosen`: for tests."""
        self._file = File(pid)
        self._words = Words(pid)
        self._vectors = Vectors(pid)
        self._choice = chosen or best()

    def read(self, address: int, size: int) -> bytes:
        """Bytes at an address; fewer than asked for where the mapping ends, OSError (EIO) where
        there is none.
        """
        limits = self._choice
        if size >= limits.read_vectors_from or size <= limits.read_words_to:
            quicker = self._vectors if size >= limits.read_vectors_from else self._words
            try:
                content = quicker.read(address, size)
            except OSError:
                pass
            else:
                if len(content) == size:
                    return content
        return self._file.read(address, size)

    def readable(self, address: int, size: int) -> bytes:
        """Bytes at an address, empty where there is no memory: the kernel will answer the program's
        call with EFAULT.
        """
        try:
            return self.read(address, size)
        except OSError:
            return b""

    def write(self, address: int, content: bytes) -> None:
        """Write all of `content`, read-only pages included."""
        limits = self._choice
        size = len(content)
        if size >= limits.write_vectors_from or size <= limits.write_words_to:
            quicker = self._vectors if size >= limits.write_vectors_from else self._words
            try:
                quicker.write(address, content)
            except OSError as error:
                if error.errno not in (errno.EFAULT, errno.EIO, errno.EPERM, errno.ESRCH):
                    raise
            else:
                return
        self._file.write(address, content)

    def close(self) -> None:
        """Forget the address space; closing twice is allowed."""
        self._file.close()


__all__ = ["NEVER", "Choice", "Memory", "best"]
