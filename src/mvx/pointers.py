"""Pointers that processes of the program send to each other through a pipe.

A function's address that a parent sends to its forked child is another one in each variant. The
write is compared, and executed once, by the leader. So that no address gets into the pipe, the
supervisor puts a token in the place of each such word, in the published copy of what is written,
which is what the leader's call gives to the kernel (agent/execute.c, use_compared). Each variant
that reads a token from a pipe asks for its own word (agent/pointers.c). Wherever else a token comes
to, it tells nothing; and a process that writes out what it read writes its own word, which differs.

A token is no address that can be used: the bits above its number are neither all zero nor all one.
"""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING, Final

from mvx.layout import DESCRIPTORS, DESCRIPTORS_MAX, KEPT_MASK, MESSAGES, TOKEN_SHIFT, TOKEN_TAG
from mvx.records import MESSAGE

if TYPE_CHECKING:
    from mvx.arena import Arena
    from mvx.monitor import Monitor
    from mvx.tasks import Task

_TOKENS_MAX: Final = 1 << 16
_WORD: Final = 8
_SIZE_MAX: Final = 256
"""Longer messages hold no pointers (WORDS_MAX of agent/pointers.c)."""
_WRITE: Final = 1
_LENGTH_SIZE: Final = 4
"""Before the bytes of a block stands their number (agent/blocks.c)."""
_CALL: Final = list(MESSAGES).index("CALL")
_KINDS: Final = list(DESCRIPTORS)
_PIPE_OUT: Final = _KINDS.index("PIPE_OUT")
_ONCE: Final = _KINDS.index("ONCE")
_IS_PIPE_OUT: Final = bytes(byte & KEPT_MASK == _PIPE_OUT for byte in range(256))
"""By the lower byte of an entry of a descriptor table."""


class Pointers:
    """The tokens of a run, and what each variant has in their place."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the leader's published messages."""
        self._monitor = monitor
        self._random = random.Random(f"{monitor.seed}/pointers")  # noqa: S311 - the seed is random
        self._words: dict[int, dict[int, int]] = {}
        """Each variant's word by token."""
        self._tokens: dict[int, int] = {}
        """The token of a word of the leader's."""

    def sent(self, follower: Task, own: int, position: int) -> bool:
        """A follower writes `own` where the leader's message has another word, at a position of its
        lane: put a token there. False if there can be none.
        """
        leader = follower.set.tasks.get(0)
        if follower.is_leader or leader is None:
            return False
        arena = self._monitor.arenas.arenas[leader.variant.index]
        lane = follower.set.lane
        if not self._is_in_a_pipe(leader, arena, lane, position):
            return False
        word = int.from_bytes(arena.ring(lane, position, 8), "little")
        token = word if word in self._words else self._token(word, leader.variant.index)
        words = self._words.get(token)
        if words is None or words.setdefault(follower.variant.index, own) != own:
            return False
        arena.replace(lane, position, struct.pack("<Q", token))
        return True

    def _is_in_a_pipe(self, leader: Task, arena: Arena, lane: int, position: int) -> bool:
        """Whether the leader has published a write to a pipe of the program's, and the position is
        that of a word in it: a follower may say anything.
        """
        start = arena.word(lane, "position")
        message = arena.message(lane, start)
        arguments = message["arguments"]
        assert isinstance(arguments, tuple)
        number, count = arguments[0] & 0xFFFFFFFF, arguments[2]
        offset = position - (start + MESSAGE.size + _LENGTH_SIZE)
        if (message["kind"], message["number"]) != (_CALL, _WRITE) or leader.table is None:
            return False
        if not 0 <= offset <= min(count, _SIZE_MAX) - _WORD or offset % _WORD:
            return False
        space = leader.table.space
        if number >= DESCRIPTORS_MAX:
            return False
        entry = space.memory.read(space.table_address(leader.table.index) + 2 * number, 1)
        return entry[0] & KEPT_MASK == _PIPE_OUT

    def _token(self, word: int, leader: int) -> int:
        token = self._tokens.get(word)
        if token is None and len(self._words) < _TOKENS_MAX:
            token = TOKEN_TAG << TOKEN_SHIFT | self._random.getrandbits(TOKEN_SHIFT)
            self._tokens[word] = token
            self._words[token] = {leader: word}
        return token or 0

    def agree(self, leaders: bytes | None, variant: int, theirs: bytes | None) -> bool:
        """Whether what the leader writes is what a variant asked for but for tokens."""
        if not leaders or not theirs or len(leaders) != len(theirs) or len(leaders) % _WORD:
            return False
        return len(leaders) <= _SIZE_MAX and all(
            word == own or self._words.get(word, {}).get(variant) == own
            for (word,), (own,) in zip(
                struct.iter_unpack("<Q", leaders), struct.iter_unpack("<Q", theirs), strict=True
            )
        )

    def received(self, task: Task, token: int) -> int:
        """What a variant has in the place of a word that it read."""
        return self._words.get(token, {}).get(task.variant.index, token)


def after_exec(table: bytes) -> bytes:
    """A descriptor table for another image, which can have no business with the addresses of the
    one that made the pipes: what it writes there is compared as everything else.
    """
    entries = bytearray(table)
    kinds = table[::2].translate(_IS_PIPE_OUT)
    index = kinds.find(1)
    while index >= 0:
        entries[2 * index : 2 * index + 2] = struct.pack("<H", _ONCE)
        index = kinds.find(1, index + 1)
    return bytes(entries)
