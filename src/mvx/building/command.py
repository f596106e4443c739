"""A compiler's command line, as far as a driver must understand it: what is read, what is made.

Words of gcc and clang (gcc(1), "Overall Options", "Link Options"). What is not known is an option
without a word of its own and is passed on as it is.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Mode = Literal["compile", "link", "other"]

_WITH_WORD: Final = frozenset(
    (
        "-o",
        "-x",
        "-I",
        "-L",
        "-l",
        "-D",
        "-U",
        "-A",
        "-B",
        "-T",
        "-u",
        "-z",
        "-e",
        "-G",
        "-h",
        "-include",
        "-imacros",
        "-isystem",
        "-idirafter",
        "-iquote",
        "-iprefix",
        "-iwithprefix",
        "-iwithprefixbefore",
        "-isysroot",
        "-MF",
        "-MT",
        "-MQ",
        "-Xlinker",
        "-Xassembler",
        "-Xpreprocessor",
        "-Xclang",
        "-mllvm",
        "-target",
        "--param",
        "-aux-info",
        "-arch",
        "-soname",
        "-rpath",
        "-dumpdir",
        "-dumpbase",
        "-dumpbase-ext",
    )
)
_OTHER: Final = frozenset(
    {"-E", "-S", "-M", "-MM", "-fsyntax-only", "-###", "--version", "--help", "-dumpversion"}
)
_OTHER_PREFIXES: Final = ("-print-", "--print-", "-dump", "--help=", "--target-help")
_SOURCES: Final = frozenset({".c", ".i", ".cc", ".cp", ".cpp", ".cxx", ".c++", ".C", ".CPP", ".ii"})
_ASSEMBLER: Final = frozenset({".s", ".S", ".sx"})


@dataclasses.dataclass(frozen=True)
class Item:
    """A part of the command line: one word, or an option and its own."""

    kind: Literal["source", "assembler", "object", "library", "option"]
    words: tuple[str, ...]
    language: str = ""
    """What `-x` says of a source; empty: its name says it."""

    @property
    def value(self) -> str:
        """The word of an option that has one, also where both are written together."""
        return self.words[1] if len(self.words) > 1 else self.words[0][2:]


@dataclasses.dataclass(frozen=True)
class Command:
    """A command line, understood."""

    mode: Mode
    items: tuple[Item, ...]
    output: str
    """What `-o` says, or the name that the compiler uses; empty for several objects."""
    is_shared: bool
    is_relocatable: bool

    def inputs(self) -> Iterator[Item]:
        """Sources and objects, in their order."""
        return (item for item in self.items if item.kind in {"source", "assembler", "object"})

    def object_of(self, source: Item) -> str:
        """Where `-c` puts the object of a source."""
        name = os.path.splitext(os.path.basename(source.words[0]))[0]
        return self.output or f"{name}.o"


def parse(words: Sequence[str]) -> Command:
    """Understand a command line without the compiler's name."""
    items: list[Item] = []
    mode: Mode = "link"
    output, language = "", ""
    words = list(_expand(words))
    at = 0
    while at < len(words):
        word = words[at]
        count = 2 if word in _WITH_WORD and at + 1 < len(words) else 1
        taken = tuple(words[at : at + count])
        at += count
        if not word.startswith("-") or word == "-":
            items.append(_input(word, language))
        elif word.startswith("-x"):
            language = Item("option", taken).value
            language = "" if language == "none" else language
        elif word.startswith("-o"):
            output = Item("option", taken).value
        elif word.startswith("-l"):
            items.append(Item("library", taken))
        elif word == "-c":
            mode = "compile" if mode == "link" else mode
        else:
            if word in _OTHER or word.startswith(_OTHER_PREFIXES):
                mode = "other"
            items.append(Item("option", taken))
    names = {item.words[0] for item in items}
    has_input = any(item.kind in {"source", "assembler", "object"} for item in items)
    return Command(
        mode if has_input else "other",
        tuple(items),
        output or ("a.out" if mode == "link" else ""),
        "-shared" in names,
        bool(names & {"-r", "-Wl,-r"}),
    )


def _input(word: str, language: str) -> Item:
    if language:
        kind: Literal["source", "assembler"] = (
            "assembler" if language.startswith("assembler") else "source"
        )
        return Item(kind, (word,), language)
    ending = os.path.splitext(word)[1]
    if ending in _SOURCES:
        return Item("source", (word,))
    return Item("assembler" if ending in _ASSEMBLER else "object", (word,))


def _expand(words: Sequence[str], depth: int = 0) -> Iterator[str]:
    """Replace `@FILE` by the words in it."""
    for word in words:
        if word.startswith("@") and depth < 8 and os.path.isfile(word[1:]):
            with open(word[1:], encoding="utf-8", errors="surrogateescape") as stream:
                yield from _expand(shlex.split(stream.read()), depth + 1)
        else:
            yield word
