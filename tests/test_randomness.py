"""rdrand and rdseed are found in code, and in nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mvx import randomness
from mvx.functions import Functions

SOURCE = """
#include <stdint.h>
#define FILL ".rept 40; nop; .endr;"
__attribute__((noinline)) void all(uint64_t *out) {
    __asm__ volatile(FILL FILL
                     "rdrand %%rax; mov %%rax, (%0);" FILL FILL
                     "rdrand %%r9d; mov %%r9, 8(%0);" FILL FILL
                     "rdseed %%cx; mov %%rcx, 16(%0);" FILL FILL
                     "rdpid %%rax;" FILL FILL
                     "movabs $0xf0c70f9090909090, %%rax;" FILL  // the same bytes in a number
                     : : "r"(out) : "rax", "rcx", "rdx", "r9", "memory");
}
"""


def test_instructions_are_found_and_decoded(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc")
    source, code = tmp_path / "code.c", tmp_path / "code"
    source.write_text(SOURCE)
    made = tmp_path / "code.o"
    subprocess.run([compiler, "-O1", "-c", source, "-o", made], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", made, code], check=True)
    content = code.read_bytes()
    found = randomness.find(content, 0, len(content), Functions(content, []))
    assert {place: randomness.at(content, place) for place in found} == found
    assert [found[place] for place in sorted(found)] == [
        randomness.Instruction(4, "rax", 8),
        randomness.Instruction(4, "r9", 4),
        randomness.Instruction(4, "rcx", 2),
    ]


def test_without_what_precedes_it_there_is_no_proof() -> None:
    assert not randomness.find(b"\x0f\xc7\xf0", 0, 3, Functions(b"", []))
