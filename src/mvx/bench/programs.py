"""What whole programs cost: `mvx bench programs`.

`wall` is the time from the start to the end as the caller sees it, mvx's own start-up included;
`own` is what the program measured itself.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mvx.bench.contenders import Contender, contenders
from mvx.bench.running import build, python, rows_here, run_once, samples_of
from mvx.bench.series import Measure, Trial

MEASURES = (Measure("wall", "ms"), Measure("own", "ms"))
_SLOW_SHARE = 20
"""How many times fewer blocks dd copies under slow contenders; its own time is scaled up again."""
_LINES = (
    b"the quick brown fox jumps over the lazy dog\n",
    b"pack my box with five dozen liquor jugs\n",
    b"%08x %08x %08x %08x\n",
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One program."""

    meaning: str
    words: tuple[str, ...]
    slow_words: tuple[str, ...] = ()
    """The same with less to do, for slow contenders."""
    own_ms: Callable[[str], float] | None = None
    """The program's own time from what it printed."""
    needs: tuple[str, ...] = ()
    """Programs without which there is no such row."""
    make: Callable[[], object] | None = None
    """Makes what the program works on."""
    prepare: Callable[[], None] | None = None
    """Makes what each run uses up."""


def names() -> list[str]:
    """All rows."""
    return list(BUILDERS)


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All contenders in the rows that were asked for and that this machine has the programs of."""
    for name, row in rows_here(asked, BUILDERS, folder):
        for contender in contenders(asked):
            yield Trial(name, row.meaning, contender.name, partial(_run, row, contender))


def _run(row: Row, contender: Contender) -> dict[str, float]:
    if row.prepare is not None:
        row.prepare()
    slow = contender.slow and bool(row.slow_words)
    wall_ms, printed = run_once([*contender.prefix, *(row.slow_words if slow else row.words)])
    own_ms = row.own_ms(printed) if row.own_ms is not None else None
    return samples_of({"wall": None if slow else wall_ms, "own": own_ms})


def _true(asked: argparse.Namespace, folder: Path) -> Row:
    del asked, folder
    return Row("start-up: a program that ends at once", (_found("true"),))


def _compute(asked: argparse.Namespace, folder: Path) -> Row:
    del asked
    make = partial(build, "compute", folder)
    return Row("a loop without calls", (f"{folder}/compute",), own_ms=float, make=make)


def _dd(asked: argparse.Namespace, folder: Path) -> Row:
    del folder
    blocks: int = asked.blocks
    words = (_found("dd"), "if=/dev/zero", "of=/dev/null", "bs=1")
    fewer = max(1, blocks // _SLOW_SHARE)

    def own_ms(printed: str) -> float:
        words = printed.rpartition("\n")[2].split()  # 5000 bytes copied, 0.003 s, 1.5 MB/s
        taken_ms = 1000 * float(words[words.index("s,") - 1])
        return taken_ms * (blocks / int(words[0]))

    meaning = f"dd bs=1 count={blocks}: {2 * blocks} calls"
    if fewer < blocks:
        meaning += f"; {fewer} blocks for slow contenders, scaled up"
    return Row(meaning, (*words, f"count={blocks}"), (*words, f"count={fewer}"), own_ms)


def _python(asked: argparse.Namespace, folder: Path) -> Row:
    del asked, folder
    return Row("start of Python: -I -c pass", (python(), "-I", "-c", "pass"))


def _sieve(asked: argparse.Namespace, folder: Path) -> Row:
    script = folder / "sieve.py"
    text = _SIEVE.format(count=asked.megabytes * 30_000)
    words = (python(), "-I", str(script))
    return Row("a Python script that computes", words, make=partial(script.write_text, text))


def _packing(name: str, level: str, asked: argparse.Namespace, folder: Path) -> Row:
    data = folder / "data"
    return Row(
        f"{name} {level} of {asked.megabytes} MB into a file",
        ("sh", "-c", f"{name} {level} -c {data} >{folder}/packed"),
        needs=(name,),
        make=partial(write_data, data, asked.megabytes),
    )


def _found(name: str) -> str:
    return shutil.which(name) or f"/bin/{name}"


_SIEVE = """\
count = {count}
sieve = bytearray([1]) * count
for number in range(2, int(count ** 0.5) + 1):
    if sieve[number]:
        sieve[number * number::number] = bytes(len(range(number * number, count, number)))
total = 0
for number in range(2, count // 4):
    if sieve[number]:
        total += number
print(total)
"""


def write_data(target: Path, megabytes: int) -> None:
    """Text that compresses about as text does, the same every time."""
    choose = random.Random(1)  # noqa: S311 - test data
    piece = bytearray()
    while len(piece) < 1_000_000:
        line = choose.choice(_LINES)
        if b"%" in line:
            line %= tuple(choose.getrandbits(32) for _ in range(4))
        piece += line
    with target.open("wb") as stream:
        for _ in range(megabytes):
            stream.write(piece[:1_000_000])


def source_code(functions: int, name: str = "main") -> str:
    """A C program for the compiler: functions of 9 lines, and one that calls them all."""
    lines = ["#include <stdio.h>", ""]
    for number in range(functions):
        lines += [
            f"static unsigned step_{number}(unsigned value) {{",
            f"    unsigned table[16] = {{{', '.join(str(number * 7 + i) for i in range(16))}}};",
            "    for (unsigned i = 0; i < 16; i++) {",
            "        value ^= table[i] + (value << 5) + (value >> 2);",
            "        if (value % 3 == 0)",
            "            value += i;",
            "    }",
            "    return value;",
            "}",
        ]
    calls = [f"    value = step_{number}(value);" for number in range(functions)]
    lines += [f"int {name}(void) {{", "    unsigned value = 1;", *calls]
    lines += ['    printf("%u\\n", value);', "    return 0;", "}", ""]
    return "\n".join(lines)


def _gcc(asked: argparse.Namespace, folder: Path) -> Row:
    del asked
    large = folder / "large.c"
    words = ("gcc", "-O1", "-c", str(large), "-o", f"{folder}/large.o")
    make = partial(large.write_text, source_code(110), encoding="ascii")
    return Row("gcc -O1 -c, 1,100 lines", words, needs=("gcc",), make=make)


def _make(asked: argparse.Namespace, folder: Path) -> Row:
    del asked
    project = folder / "project"

    def make() -> None:
        project.mkdir()
        names = [f"part_{number}" for number in range(8)]
        for name in names:
            (project / f"{name}.c").write_text(source_code(20, name), encoding="ascii")
        objects = " ".join(f"{name}.o" for name in names)
        rules = f"all: {objects}\n%.o: %.c\n\tgcc -O1 -c $< -o $@\n"
        (project / "Makefile").write_text(rules, encoding="ascii")

    words = ("make", "-B", "-s", "-j2", "-C", str(project))
    meaning = "make -B -s -j2, 8 files of 200 lines"
    return Row(meaning, words, needs=("make", "gcc"), make=make)


def _git(asked: argparse.Namespace, folder: Path) -> Row:
    del asked
    made, used = folder / "repository", folder / "repository-used"
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0"]

    def make() -> None:
        run_once(["git", "init", "-q", str(made)])
        choose = random.Random(2)  # noqa: S311 - test data
        for number in range(20):
            for file in range(20):
                text = "".join(f"{choose.getrandbits(64):x}\n" for _ in range(100))
                (made / f"file_{file}").write_text(text, encoding="ascii")
            run_once(["git", "-C", str(made), "add", "."])
            run_once(["git", "-C", str(made), *who, "commit", "-q", "-m", f"state {number}"])

    def prepare() -> None:
        shutil.rmtree(used, ignore_errors=True)
        shutil.copytree(made, used)

    words = ("git", "-c", "pack.threads=1", "-C", str(used), "gc", "-q")
    meaning = "git gc, 20 commits of 20 files"
    return Row(meaning, words, needs=("git",), make=make, prepare=prepare)


def _sqlite(asked: argparse.Namespace, folder: Path) -> Row:
    statements, database = folder / "inserts.sql", folder / "database"

    def make() -> None:
        lines = ["create table numbers (number integer primary key, word text);"]
        for start in range(0, asked.inserts, 100):
            lines.append("begin;")
            lines += [
                f"insert into numbers values ({number}, 'word {number * 7919}');"  # noqa: S608
                for number in range(start, min(start + 100, asked.inserts))
            ]
            lines.append("commit;")
        lines.append("select count(*), sum(number) from numbers;")
        statements.write_text("\n".join(lines), encoding="ascii")

    def prepare() -> None:
        for path in folder.glob("database*"):
            path.unlink()

    words = ("sqlite3", "-init", os.devnull, "-batch", str(database), f".read {statements}")
    meaning = f"sqlite3, {asked.inserts} inserts, 100 in a transaction"
    return Row(meaning, words, needs=("sqlite3",), make=make, prepare=prepare)


def _find(asked: argparse.Namespace, folder: Path) -> Row:
    tree = folder / "tree"

    def make() -> None:
        for number in range(asked.files):
            place = tree / f"{number % 10}" / f"{number // 10 % 10}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"file_{number}").write_bytes(b"x" * (number % 4000))

    words = ("find", str(tree), "-type", "f", "-size", "+1k")
    return Row(f"find over {asked.files} files, with their sizes", words, make=make)


BUILDERS: dict[str, Callable[[argparse.Namespace, Path], Row]] = {
    "true": _true,
    "compute": _compute,
    "dd": _dd,
    "python3": _python,
    "sieve": _sieve,
    "gzip": partial(_packing, "gzip", "-6"),
    "xz": partial(_packing, "xz", "-0"),
    "gcc": _gcc,
    "make": _make,
    "git": _git,
    "sqlite3": _sqlite,
    "find": _find,
}
"""The rows by name, in the order of the table."""
