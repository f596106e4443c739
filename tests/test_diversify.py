"""Each diversification makes the variants differ in what it is about, and in nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mvx import allocators, diversity
from mvx.disjoint import Disjoint
from mvx.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

HASH = Path(__file__).parent / "diversity" / "hash.c"
SHOW = Path(__file__).parent / "diversity" / "show.c"
DIVERGENCE = 121
DIFFERS = {
    "code": {"layout"},
    "library": {"layout"},
    "loader": {"layout"},
    "stack": {"stack"},
    "low-byte-of-stack": {"stack"},
    "stack-to-arguments": {"stack"},
    "canary": {"canary"},
    "environment-to-arguments": {"environment"},
    "environment": set(),
    "heap": {"heap"},
    "large": {"heap"},
    "neighbour": {"heap"},
    "fresh": {"fill"},
    "freed": {"fill"},
}
"""What the program shows, and the diversifications that make it differ."""


@pytest.mark.parametrize("chosen", ["none", *diversity.NAMES, "default", "heap,fill"])
@pytest.mark.parametrize("what", DIFFERS)
def test_differs_by_this_alone(
    what: str, chosen: str, compiled: Callable[..., Path], mvx_command: list[str]
) -> None:
    by = set(diversity.DEFAULT) if chosen == "default" else set(chosen.split(","))
    command = [*mvx_command, "run", "-n", "2", "--diversify", chosen, "--"]
    ran = subprocess.run(
        [*command, compiled(SHOW), what],
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert ran.returncode == (DIVERGENCE if DIFFERS[what] & by else 0), ran.stderr.decode()
    assert bool(ran.stdout) == (ran.returncode == 0)


@pytest.mark.parametrize(("flags", "variants", "common"), [((), 3, 0), (("-no-pie",), 3, 2)])
def test_no_address_is_code_in_two_variants(
    flags: tuple[str, ...],
    variants: int,
    common: int,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
) -> None:
    """A position-independent program's code is disjoint; what cannot be moved is counted."""
    target = work_place / "statistics"
    words = ["run", "-n", str(variants), "--statistics", str(target), "--"]
    program = [compiled(SHOW, *flags), "environment"]
    subprocess.run([*mvx_command, *words, *program], check=True, capture_output=True, timeout=30)
    counted = json.loads(target.read_text())["code"]
    assert counted["common"] == common
    assert counted["appeared"] >= 3 * variants


@pytest.mark.parametrize("flags", [("-no-pie",), ("-static",)])
def test_the_heap_of_an_image_that_stays_lies_behind_it(
    flags: tuple[str, ...],
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
) -> None:
    """At once behind it where the program turned randomisation off, as GCL's programs do."""
    source = work_place / "heap.c"
    source.write_text(
        """
        #include <stdio.h>
        #include <sys/personality.h>
        #include <unistd.h>
        extern char end;
        int main(int count, char **words) {
            if (count > 2) {
                personality(ADDR_NO_RANDOMIZE);
                return execl(words[0], words[0], "x", (char *)0);
            }
            long distance = (char *)sbrk(0) - &end;
            printf("%d\\n", distance >= 0 && distance < (count > 1 ? 0x100000 : 0x2100000));
            return sbrk(1 << 24) == (void *)-1;
        }"""
    )
    program = compiled(source, *flags)
    for words in ([], ["x", "x"]):
        ran = subprocess.run(
            [*mvx_command, "run", "-n", "3", "--", program, *words],
            check=True,
            capture_output=True,
            timeout=30,
        )
        assert ran.stdout == b"1\n"


def test_code_of_two_variants_at_one_address_ends_the_run() -> None:
    found: list[str] = []
    options = SimpleNamespace(diversify=("layout",), variants=2)
    monitor: Any = SimpleNamespace(options=options, diverged=lambda *words: found.append(words[2]))
    disjoint = Disjoint(monitor)
    task_set = SimpleNamespace(tasks={})
    tasks: list[Any] = [
        SimpleNamespace(
            set=task_set,
            variant=SimpleNamespace(index=index),
            space=SimpleNamespace(code=set(), home=index),
        )
        for index in range(2)
    ]
    task_set.tasks.update(enumerate(tasks))
    disjoint.appeared(tasks[0], 0x10000, 0x3000, placed=True)
    disjoint.appeared(tasks[1], 0x13000, 0x1000, placed=True)
    disjoint.appeared(tasks[1], 0xF000, 0x1000, placed=True)
    assert found == []
    disjoint.appeared(tasks[1], 0x12000, 0x2000, placed=False)
    assert (found, disjoint.statistics()["common"]) == ([], 1)
    disjoint.appeared(tasks[1], 0x12000, 0x1000, placed=True)
    assert found == ["0x12000 is executable in variants 0 and 1"]


PROGRAMS = SHOW.parents[1] / "programs"
USES_OF_MEMORY = (
    "futex_waits_and_wakes",
    "mmap_of_files_needs_no_stop",
    "pointers_through_own_pipe",
)
"""Programs that an allocator's own calls, or its addresses, could lead astray."""
ALLOCATORS = ["jemalloc", "mimalloc", "glibc"]
WORK = [
    ["sh", "-c", "for i in 1 2 3; do x=$x$i; /bin/echo $x; done"],
    ["sqlite3", ":memory:", "create table t(x); insert into t values(7); select x from t"],
    ["/usr/bin/python3", "-c", "print(sorted({str(i) for i in range(3000)})[-1])"],
]


def has(name: str) -> bool:
    try:
        return bool(allocators.find(name))
    except UsageError:
        return False


@pytest.mark.parametrize("name", [*filter(has, ALLOCATORS)])
def test_followers_with_other_allocators(
    name: str, compiled: Callable[..., Path], mvx_command: list[str]
) -> None:
    """Programs run as natively; heap addresses differ; the program sees nothing of it."""
    command = [*mvx_command, "run", "--allocator", name, "--"]
    ours = [[compiled(PROGRAMS / f"{program}.c")] for program in USES_OF_MEMORY]
    for words in [*WORK, *ours]:
        natively = subprocess.run(words, check=True, capture_output=True)
        ran = subprocess.run([*command, *words], check=False, capture_output=True, timeout=60)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, natively.stdout, b""), words
    shown = subprocess.run([*command, "env"], check=True, capture_output=True, timeout=60)
    assert b"LD_PRELOAD" not in shown.stdout
    assert b"GLIBC_TUNABLES" not in shown.stdout
    if name != "glibc":
        show = [*command, compiled(SHOW), "heap"]
        assert subprocess.run(show, check=False, capture_output=True).returncode == DIVERGENCE


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--allocator", "nosuch"], b"no allocator is called nosuch"),
        (["--allocator", "./nosuch.so"], b"there is no allocator ./nosuch.so"),
        (["--allocator", "glibc", "--diversify", "heap"], b"exclude each other"),
    ],
)
def test_wrong_allocators(words: list[str], message: bytes, mvx_command: list[str]) -> None:
    command = [*mvx_command, "run", *words, "--", "true"]
    ran = subprocess.run(command, check=False, capture_output=True, timeout=30)
    assert ran.returncode == 125
    assert message in ran.stderr


def test_names_are_checked(mvx_command: list[str]) -> None:
    command = [*mvx_command, "run", "--diversify", "layout,colour", "--", "true"]
    ran = subprocess.run(command, check=False, capture_output=True, timeout=30)
    assert ran.returncode == 125
    assert b"'colour' is none of layout, stack" in ran.stderr


def test_names_are_documented() -> None:
    page = Path(__file__).parents[1] / "docs" / "reference" / "diversification.md"
    content = page.read_text()
    for each in diversity.DIVERSIFICATIONS:
        assert f"## {each.name}" in content
        for text in (each.differs, each.stops, each.costs, each.breaks):
            assert text in " ".join(content.split()), text


@pytest.mark.parametrize("what", ["code", "library", "loader", "stack", "canary"])
def test_exceptions_hold_for_the_executed_file(
    what: str, compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """Of a program with an exception's name, code and stack lie alike; its children's do not."""
    program = work_place / "lua5.4"
    shutil.copy(compiled(SHOW), program)
    for words, differs in (
        ([program, what], what == "canary"),
        (["sh", "-c", '"$@"; exit $?', "sh", program, what], what == "canary"),
        (["--diversify", "layout,stack,canary", "--", compiled(SHOW), what], True),
    ):
        start = [*mvx_command, "run", "-n", "2", *([] if "--" in words else ["--"])]
        ran = subprocess.run([*start, *words], check=False, capture_output=True, timeout=30)
        assert ran.returncode == (DIVERGENCE if differs else 0), ran.stderr.decode()


@pytest.mark.parametrize("chosen", ["heap", "fill", "all"])
def test_programs_start_as_they_were_given(
    chosen: str, compiled: Callable[..., Path], mvx_command: list[str]
) -> None:
    """What is taken back at the program's entry leaves signals as they are: blocked, ignored."""
    program = compiled(PROGRAMS / "exec_keeps_blocked_faults.c")
    command = [*mvx_command, "run", "-n", "2", "--diversify", chosen, "--", program]
    ran = subprocess.run(command, check=False, capture_output=True, timeout=30)
    assert (ran.returncode, ran.stdout) == (0, b"ok\n"), ran.stderr.decode()


def test_strings_are_apart_in_all_variants(
    compiled: Callable[..., Path], mvx_command: list[str]
) -> None:
    """A program that looks whether its strings follow one another finds the same everywhere."""
    program = compiled(PROGRAMS / "strings_of_the_stack_are_adjacent.c")
    command = [*mvx_command, "run", "-n", "3", "--diversify", "environment", "--", program]
    for _ in range(3):
        ran = subprocess.run(command, check=False, capture_output=True, timeout=30)
        assert (ran.returncode, ran.stdout) == (0, b"not all adjacent\n"), ran.stderr.decode()


@pytest.mark.parametrize("flags", [("-O1", "-rdynamic"), ("-O1", "-rdynamic", "-no-pie")])
def test_hashes_of_addresses_agree(
    flags: tuple[str, ...], compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """A function that is known to hash addresses gives all variants the same; code differs."""
    for name, what, agrees in (
        ("python3", "rotate", True),
        ("python3", "pass", False),
        ("libLLVM-14.so.1", "pass", True),
        ("libLLVM-14.so.1", "rotate", False),
    ):
        program = work_place / name
        shutil.copy(compiled(HASH, *flags), program)
        command = [*mvx_command, "run", "-n", "3", "--", program, what]
        ran = subprocess.run(command, check=False, capture_output=True, timeout=30)
        assert ran.returncode == (0 if agrees else DIVERGENCE), ran.stderr.decode()


SETS = """
import _struct, asyncio
kinds = (None, len, int, print, _struct.Struct, _struct.pack, asyncio.Future)
tuples = {(kind, number) for kind in kinds for number in range(9)}
print([(str(getattr(kind, "__name__", kind)), number) for kind, number in tuples])
"""


@pytest.mark.parametrize("variants", ["2", "3"])
def test_orders_of_python_sets_agree(variants: str, mvx_command: list[str]) -> None:
    """Of types, functions and None, while the libraries' code lies in zones of its own."""
    python = os.path.realpath(sys.executable)
    command = [*mvx_command, "run", "-n", variants, "--", python, "-c", SETS]
    ran = subprocess.run(command, check=False, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()


def test_canaries_may_be_excepted(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    program = work_place / "mksh"
    shutil.copy(compiled(SHOW), program)
    start = [*mvx_command, "run", "-n", "2", "--", program, "canary"]
    assert subprocess.run(start, check=False, timeout=30).returncode == 0


def test_exceptions_are_for_the_default_set() -> None:
    assert "stack" not in diversity.for_program(diversity.DEFAULT, "ruby3.1")
    assert "stack" in diversity.for_program(diversity.DEFAULT, "ruby-build")
    assert "stack" in diversity.for_program(("stack",), "ruby3.1")
    assert {each.name for each in diversity.exceptions()} <= set(diversity.DEFAULT)
