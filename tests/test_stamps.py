"""Reads of the time stamp counter are found in code, and in nothing else; where they are not known,
the counter is taken away.
"""

from __future__ import annotations

import mmap
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import execute
from test_statistics import statistics

from mvx import tactics
from mvx.codescan import CodeScan, Found
from mvx.records import TASK

LIMIT_S = 60
LOADER = "/lib64/ld-linux-x86-64.so.2"
SOURCE = """
#include <stdint.h>
#define FILL ".rept 40; nop; .endr;"
__attribute__((noinline)) uint64_t numbers(void) {
    uint64_t value;
    __asm__(FILL FILL "movabs $0x9090310f90909090, %0;" FILL : "=r"(value));
    return value;
}
// What precedes this function is no code, so only the table of functions tells of it.
__asm__(".text; .rept 20; .quad 0xd6d6d6d6d6d6d6d6; .endr");
__attribute__((noinline)) uint32_t first(void) {
    uint32_t low;
    __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
    return low;
}
__asm__(".text; .rept 20; .quad 0xd6d6d6d6310fd6d6; .endr");
__attribute__((noinline)) uint32_t second(void) {
    uint32_t low;
    __asm__ volatile(FILL FILL "rdtscp" : "=a"(low) : : "ecx", "edx");
    return low;
}
"""
MADE = """
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static const unsigned char READ[] = "\\x0f\\x31\\x48\\xc1\\xe2\\x20\\x48\\x09\\xd0\\xc3";
static unsigned long (*read_counter)(void);
static int ready[2];
static void *other(void *unused) {
    char byte;
    if (read(ready[0], &byte, 1) != 1)
        return unused;
    printf("%lx\\n", read_counter());
    return unused;
}
int main(int count, char **words) {
    pthread_t thread;
    if (pipe(ready) || pthread_create(&thread, 0, other, 0))
        return 1;
    int protect = count > 1 && !strcmp(words[1], "protect");
    void *code = mmap(0, 4096, PROT_READ | PROT_WRITE | (protect ? 0 : PROT_EXEC),
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, READ, sizeof READ);
    if (protect && mprotect(code, 4096, PROT_READ | PROT_EXEC))
        return 1;
    read_counter = (unsigned long (*)(void))code;
    unsigned long value = read_counter();
    printf("%lx\\n", value);
    fflush(stdout);
    if (write(ready[1], "x", 1) != 1 || pthread_join(thread, 0))
        return 1;
    return 0;
}
"""


def found_in(path: str | Path) -> Found:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return CodeScan(cached=False).look(descriptor, "0" * 40, os.stat(path).st_size)
    finally:
        os.close(descriptor)


def test_all_in_the_loader_are_found() -> None:
    listing = subprocess.run(
        ["objdump", "-d", "-w", LOADER], check=True, capture_output=True, text=True
    ).stdout
    found = found_in(LOADER)
    for kind in (tactics.RDTSC, tactics.RDTSCP):
        there = [each for each in found.stamps.values() if each is kind]
        assert len(there) == len(re.findall(rf"\t{kind.name}\b", listing))
    assert found.spans


def test_functions_tell_where_code_begins(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc")
    source, library = tmp_path / "code.c", tmp_path / "code.so"
    source.write_text(SOURCE)
    options = ("-O1", "-shared", "-fPIC", "-fcf-protection=none", "-falign-functions=1")
    subprocess.run([compiler, *options, source, "-o", library], check=True)
    found = found_in(library)
    assert list(found.stamps.values()) == [tactics.RDTSC, tactics.RDTSCP]
    assert found.spans
    with library.open("rb") as stream:
        content = mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ)
        for place, kind in found.stamps.items():
            assert content[place : place + len(kind.code)] == kind.code
        content.close()


TABLES = """
__attribute__((noinline)) int before(int value) { return value * 3; }
// Between two functions, and described by nothing: what GHC puts before each of its functions.
__asm__(".text; .globl table; table: nopl 0(%rax);"
        ".quad 0x010e310f, 0xf0c70f; .rept 8; nop; .endr");
extern const unsigned char table[];
const unsigned char constants[] = {0x90, 0x90, 0x90, 0x90, 0x0f, 0x31, 0x90, 0x0f, 0xc7, 0xf0};
#include <stdio.h>
int main(void) {
    for (int i = 0; i < 20; i++)
        printf("%02x ", table[i]);
    for (unsigned i = 0; i < sizeof constants; i++)
        printf("%02x ", constants[i]);
    printf("%d\\n", before(2));
}
"""


def test_tables_beside_code_stay_as_they_are(
    tmp_path: Path, mvx_command: list[str], work_place: Path
) -> None:
    """Those between functions leave it in doubt whether the counter is read, those in sections of
    data do not.
    """
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc")
    source, program = tmp_path / "tables.c", tmp_path / "tables"
    source.write_text(TABLES)
    subprocess.run([compiler, "-O1", "-Wl,-z,noseparate-code", source, "-o", program], check=True)
    found = found_in(program)
    assert (found.stamps, found.random, found.spans) == ({}, {}, ())
    expected = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    done = execute([*mvx_command, "run", "-n", "2", "--", str(program)], work_place, LIMIT_S)
    assert done.stdout == expected, done.stderr

    source.write_text(TABLES.replace(".text;", ".data;"))
    subprocess.run([compiler, "-O1", "-Wl,-z,noseparate-code", source, "-o", program], check=True)
    assert found_in(program).spans


@pytest.mark.parametrize("variants", ["2", "3"])
@pytest.mark.parametrize("way", ["at once", "protect"])
def test_code_that_is_made_takes_the_counter_away(
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
    way: str,
    variants: str,
) -> None:
    """Also from other threads, at the end of the call in which they are."""
    source = work_place / "makes_code.c"
    source.write_text(MADE)
    program = compiled(source)
    start = [*mvx_command, "run", "-n", variants]
    done = execute([*start, "--", str(program), way], work_place, LIMIT_S)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 2
    done = execute([*start, "--rdtsc", "known", "--", str(program), way], work_place, LIMIT_S)
    assert done.returncode == 121


def test_what_is_found_answers_with_the_leaders_counter(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """Whether it faults, or is patched after it has faulted."""
    source = work_place / "reads_counter.c"
    source.write_text(
        """
        #include <stdio.h>
        #include <x86intrin.h>
        int main(void) {
            unsigned processor;
            for (int i = 0; i < 20; i++)
                printf("%llx %llx\\n", __rdtsc(), __rdtscp(&processor));
        }"""
    )
    program = compiled(source)
    for options in ((), ("--no-site-cache",), ("--no-patch",), ("--rdtsc", "trap")):
        words = [*mvx_command, "run", "-n", "3", *options, "--", str(program)]
        done = execute(words, work_place, LIMIT_S)
        assert done.returncode == 0, done.stderr
        values = [int(word, 16) for word in done.stdout.split()]
        assert sorted(set(values)) == sorted(values)
    value = statistics(mvx_command, work_place / "s", str(program), options=("--no-site-cache",))
    assert 0 < value["instructions"]["rdtscp"] < 2 * 20


def test_the_time_is_read_without_a_call_where_the_counter_may_be(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """The program looks into its own struct task, whose address gs holds."""
    source = work_place / "has_clock.c"
    source.write_text(
        f"""
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <sys/mman.h>
        #include <time.h>
        static void tell(void) {{
            void *clock;
            struct timespec now;
            __asm__ volatile("mov %%gs:{TASK.offset("clock")}, %0" : "=r"(clock));
            printf("%d%d ", clock != 0, clock_gettime(CLOCK_MONOTONIC, &now));
        }}
        int main(void) {{
            tell();
            mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            tell();
        }}"""
    )
    program = compiled(source)
    for options, expected in (
        ((), "10 00 "),
        (("--rdtsc", "trap"), "00 00 "),
        (("--rdtsc", "known"), "10 10 "),
        (("--no-patch",), "00 00 "),
        (("--verify", "all"), "00 00 "),
    ):
        words = [*mvx_command, "run", "-n", "2", *options, "--", str(program)]
        done = execute(words, work_place, LIMIT_S)
        assert done.stdout == expected, (options, done.stderr)
