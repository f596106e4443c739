"""What programs with several threads cost: `mvx bench threads`.

Under mvx the threads of a program take turns. What is fair to expect of N variants on a machine is
what N copies need that run at once, natively: `N copies`, and the columns beside them. The CPU time
is that of all processes together, mvx included (wait4(2)): so followers are mvx's own children here
(`--pids translate`), since who lives in a PID namespace is waited for by nobody.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from mvx.bench import output
from mvx.bench.contenders import NATIVE, own_command
from mvx.bench.programs import source_code, write_data
from mvx.bench.running import build, python, rows_here, run_at_once
from mvx.bench.series import Measure, Series, Trial

MEASURES = (Measure("CPU", "ms"), Measure("wall", "ms"))
MODES = ("serial", "ordered")
"""Values of --threads that are measured."""
_LOOPS = {"light": 1000, "locks": 30_000_000, "hand_over": 50_000}
"""How often the programs of sources/threads.c do what they do; a twentieth of it with --quick."""
_POOL = """\
import concurrent.futures, hashlib, zlib
data = open({data!r}, "rb").read(1 << 20)
def work(number):
    return hashlib.sha256(zlib.compress(data[number:])).hexdigest()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(len(set(pool.map(work, range({count})))))
"""


@dataclasses.dataclass(frozen=True)
class Row:
    """One program. It runs in a folder of its own."""

    meaning: str
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Programs without which there is no such row."""
    make: Callable[[], object] | None = None
    """Makes what the program works on."""


@dataclasses.dataclass(frozen=True)
class Way:
    """How a program is run: so many copies at once, each after these words."""

    name: str
    copies: int
    prefix: tuple[str, ...] = ()


def names() -> list[str]:
    """All rows."""
    return list(BUILDERS)


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All ways in the rows that were asked for and that this machine has the programs of."""
    for name, row in rows_here(asked, BUILDERS, folder):
        for way in _ways(asked):
            yield Trial(name, row.meaning, way.name, partial(_run, row, way, folder))


def _ways(asked: argparse.Namespace) -> Iterator[Way]:
    yield Way(NATIVE, 1)
    command = asked.mvx or own_command()
    for variants in asked.variants:
        yield Way(_copies(variants), variants)
        for mode in asked.threads:
            words = ["-n", str(variants), "--policy", asked.policy[0], "--wait", asked.wait]
            words += ["--pids", "translate"]
            prefix = (*command, "run", *words, "--threads", mode, *asked.option, "--")
            yield Way(f"mvx -n {variants} {mode}", 1, prefix)


def _copies(variants: int) -> str:
    return f"{variants} copies"


def _run(row: Row, way: Way, folder: Path) -> dict[str, float]:
    places = [folder / f"copy-{number}" for number in range(way.copies)]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    wall_ms, cpu_ms = run_at_once([*way.prefix, *row.words], places)
    return {"wall": wall_ms, "CPU": cpu_ms}


def table(series: Sequence[Series]) -> Iterator[str]:
    """One line for each way of a row: medians of both measures, in the copies' measure, too."""
    found = {(one.row, one.contender, one.measure.name): one for one in series}
    ways = list(dict.fromkeys(one.contender for one in series))
    width = max(map(len, ways)) + 2
    heads = " ".join(f"{m.name + ' in ms':>11} {'x NATIVE':>9} {'x COPIES':>9}" for m in MEASURES)
    for row, meaning in {one.row: one.meaning for one in series}.items():
        yield f"{row}: {meaning}"
        yield f"  {'':{width}} {heads}"
        for way in ways:
            one = found.get((row, way, MEASURES[0].name))
            if one is not None and one.failure:
                yield f"  {way:{width}} failed: {one.failure}"
                continue
            cells = []
            for measure in MEASURES:
                own, *others = (
                    _median(found.get((row, name, measure.name)))
                    for name in (way, NATIVE, _compared(way))
                )
                shares = [f"{own / other:8.2f}x" if own and other else "" for other in others]
                cells.append(
                    f"{output.number(own) if own else '-':>11} {shares[0]:>9} {shares[1]:>9}"
                )
            yield f"  {way:{width}} {' '.join(cells)}".rstrip()


def _compared(way: str) -> str:
    """The copies that a way is compared with: as many as mvx has variants."""
    words = way.split()
    return _copies(int(words[2])) if words[0] == "mvx" else way


def _median(one: Series | None) -> float | None:
    return one.median() if one is not None else None


def _own(name: str, meaning: str, asked: argparse.Namespace, folder: Path) -> Row:
    count = _LOOPS[name] // (20 if asked.quick else 1)
    words = (f"{folder}/threads", name, str(count))
    return Row(meaning, words, ("gcc",), partial(build, "threads", folder, "-pthread"))


def _packing(name: str, words: str, asked: argparse.Namespace, folder: Path) -> Row:
    data = folder / "data"
    command = f"{words} <{data} >packed"
    meaning = f"{words} of {asked.megabytes} MB"
    return Row(meaning, ("sh", "-c", command), (name,), partial(write_data, data, asked.megabytes))


def _sort(asked: argparse.Namespace, folder: Path) -> Row:
    data = folder / "data"
    words = ("sort", "--parallel=2", "-o", "sorted", str(data))
    meaning = f"sort --parallel=2 of {asked.megabytes} MB"
    return Row(meaning, words, make=partial(write_data, data, asked.megabytes))


def _python(asked: argparse.Namespace, folder: Path) -> Row:
    data, script = folder / "data", folder / "pool.py"

    def make() -> None:
        write_data(data, 1)
        text = _POOL.format(data=str(data), count=5 * asked.megabytes)
        script.write_text(text, encoding="ascii")

    return Row("a Python script with a pool of 4 threads", (python(), "-I", str(script)), make=make)


def _make(asked: argparse.Namespace, folder: Path) -> Row:
    project = folder / "sources"

    def make() -> None:
        project.mkdir(exist_ok=True)
        files = [f"part_{number}" for number in range(2 + asked.megabytes // 2)]
        for name in files:
            (project / f"{name}.c").write_text(source_code(20, name), encoding="ascii")
        objects = " ".join(f"{name}.o" for name in files)
        rules = f"all: {objects}\n%.o: {project}/%.c\n\tgcc -O1 -c $< -o $@\n"
        (project / "Makefile").write_text(rules, encoding="ascii")

    words = ("make", "-s", "-j2", "-f", str(project / "Makefile"))
    return Row("make -j2 of small C files: processes, not threads", words, ("make", "gcc"), make)


BUILDERS: dict[str, Callable[[argparse.Namespace, Path], Row]] = {
    "light": partial(_own, "light", "4 threads that compute, a lock now and then"),
    "locks": partial(_own, "locks", "2 threads that lock and unlock all the time"),
    "hand_over": partial(_own, "hand_over", "2 threads that wait for each other all the time"),
    "sort": _sort,
    "xz": partial(_packing, "xz", "xz -0 -T2 --block-size=1MiB"),
    "zstd": partial(_packing, "zstd", "zstd -T2 -9"),
    "pigz": partial(_packing, "pigz", "pigz -p2"),
    "python3": _python,
    "make": _make,
}
"""The rows by name, in the order of the table."""
