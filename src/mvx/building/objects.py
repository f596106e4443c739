"""Objects that carry the other variants' objects with them.

An object of the leader has a section ``.mvx.K`` for each other variant K, which the linker leaves
out (SHF_EXCLUDE). So whatever a build does with objects, moving them or putting them into archives,
nothing is lost. A section holds records: a magic number, the length, the object; `ld -r` puts those
of several objects one after the other.
"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from typing import Final

from mvx import elf
from mvx.errors import BuildFailed

_MAGIC: Final = b"MVX-OBJ\n"
_HEADER: Final = struct.Struct("<8sQ")
_SHF_MERGE: Final = 0x10
_ARCHIVE: Final = b"!<arch>\n"
_THIN: Final = b"!<thin>\n"
_MEMBER: Final = struct.Struct("16s12s6s6s8s10s2s")
_PREFIXES: Final = (".text.", ".data.rel.ro.", ".data.rel.", ".data.", ".bss.", ".rodata.")


def sections(content: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Name, flags and bytes of every section of an ELF file; none of another file."""
    entries, names_at = elf.sections(content)
    if names_at >= len(entries):
        return
    table = entries[names_at]
    names = content[table.offset : table.offset + table.size]
    for name, kind, flags, _, offset, length, _ in entries:
        word = names[name : names.find(b"\0", name)].decode("latin-1")
        yield word, flags, content[offset : offset + length] if kind != 8 else b""


def carried(content: bytes, variant: int) -> list[bytes]:
    """The objects that an object carries for a variant."""
    found = []
    for name, _, data in sections(content):
        if name != f".mvx.{variant}":
            continue
        at = 0
        while at + _HEADER.size <= len(data):
            magic, length = _HEADER.unpack_from(data, at)
            if magic != _MAGIC:
                break
            at += _HEADER.size
            found.append(data[at : at + length])
            at += length
    return found


def carry(target: str, variants: dict[int, str], scratch: str) -> None:
    """Put the objects of other variants, files by variant, into an object."""
    words = ["objcopy"]
    for variant, file in variants.items():
        with open(file, "rb") as stream:
            content = stream.read()
        record = os.path.join(scratch, f"record-{variant}")
        with open(record, "wb") as stream:
            stream.write(_HEADER.pack(_MAGIC, len(content)) + content)
        name = f".mvx.{variant}"
        words += ["--remove-section", name, "--add-section", f"{name}={record}"]
        words += ["--set-section-flags", f"{name}=readonly,exclude"]
    run([*words, target])


def members(path: str) -> list[tuple[str, bytes]]:
    """Names and contents of an archive's members; empty for another file."""
    with open(path, "rb") as stream:
        content = stream.read()
    is_thin = content.startswith(_THIN)
    if not is_thin and not content.startswith(_ARCHIVE):
        return []
    found: list[tuple[str, bytes]] = []
    long_names = b""
    at = len(_ARCHIVE)
    while at + _MEMBER.size <= len(content):
        name, *_, size_text, _ = _MEMBER.unpack_from(content, at)
        at += _MEMBER.size
        size = int(size_text)
        word = name.rstrip(b" ")
        data = content[at : at + size]
        if word == b"//":
            long_names = data
        elif word not in {b"/", b"/SYM64/"}:
            if word.startswith(b"/") and word[1:].isdigit():
                start = int(word[1:])
                word = long_names[start : long_names.find(b"\n", start)]
            text = os.fsdecode(word.removesuffix(b"/"))
            if is_thin:
                with open(os.path.join(os.path.dirname(path), text), "rb") as stream:
                    data = stream.read()
            found.append((text, data))
        if not is_thin or word in {b"//", b"/", b"/SYM64/"}:
            at += size + size % 2
    return found


def variant_of(path: str, variant: int, scratch: str) -> list[str]:
    """The files to link instead of an object or archive: itself where it carries nothing."""
    with open(path, "rb") as stream:
        start = stream.read(8)
        content = start + stream.read() if start.startswith(elf.MAGIC) else b""
    if content:
        objects = carried(content, variant)
        return [_store(scratch, data) for data in objects] or [path]
    if start not in {_ARCHIVE, _THIN}:
        return [path]
    whole = members(path)
    replaced = [(data, carried(data, variant)) for _, data in whole]
    if not any(objects for _, objects in replaced):
        return [path]
    files = [_store(scratch, one) for data, objects in replaced for one in objects or [data]]
    target = os.path.join(scratch, f"{len(os.listdir(scratch))}-{os.path.basename(path)}")
    listing = f"{target}.files"
    with open(listing, "w", encoding="utf-8") as stream:
        stream.write("\n".join(files))
    run(["ar", "rcs", target, f"@{listing}"])
    return [target]


def _store(scratch: str, content: bytes) -> str:
    path = os.path.join(scratch, f"{len(os.listdir(scratch))}.o")
    with open(path, "wb") as stream:
        stream.write(content)
    return path


def order(path: str) -> dict[str, int]:
    """The places of functions and objects in a file: 0 for the one at the lowest address. Objects
    are counted by section. Empty when the file has no symbols.
    """
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    with open(path, "rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return {}
        places = [
            (symbol["st_shndx"], symbol["st_value"], symbol.name)
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] in {"STT_OBJECT", "STT_FUNC"}
            and isinstance(symbol["st_shndx"], int)
        ]
    return {name: place for place, (_, _, name) in enumerate(sorted(places))}


def rename(path: str, word: str, places: dict[str, int], scratch: str) -> None:
    """Give each function's and object's section a name from which another order follows.

    `ld --sort-section=name` then sorts them: the last in `places` comes first, so that none keeps
    the one behind it; those that are not in `places` anywhere, by `word`.
    """
    from hashlib import sha256

    with open(path, "rb") as stream:
        content = stream.read()
    lines = []
    for name, flags, _ in sections(content):
        prefix = next((each for each in _PREFIXES if name.startswith(each)), "")
        if prefix and not flags & _SHF_MERGE:
            digest = sha256(f"{word}/{name}".encode()).hexdigest()[:16]
            place = places.get(name[len(prefix) :])
            key = digest if place is None else f"{len(places) - place:08x}{digest}"
            lines.append(f"--rename-section {name}={prefix}{key}")
    if lines:
        listing = os.path.join(scratch, f"{os.path.basename(path)}.sections")
        with open(listing, "w", encoding="utf-8") as stream:
            stream.write("\n".join(dict.fromkeys(lines)))
        run(["objcopy", f"@{listing}", path])


def run(words: list[str]) -> None:
    """Run a tool; raises BuildFailed with what it said."""
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise BuildFailed(f"{words[0]}: {error.strerror}") from None
    if done.returncode:
        raise BuildFailed(f"{words[0]} failed: {done.stderr.strip()}")
