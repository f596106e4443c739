"""Checks what the compiler and the linker made of the agent, at build time.

The agent is mapped anywhere in a variant and runs between two instructions of the program. It must

- hold no absolute address: nobody relocates it. The *objects* are asked, because a static link
  resolves an absolute address to a wrong number without leaving a relocation behind;
- need nothing: no relocation and no undefined symbol in the linked file;
- not touch a vector, x87 or mask register: they hold the program's values and are not saved.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

# Distances inside one image. All other relocations hold an address, or go through a table of them.
RELATIVE = {"R_X86_64_PC8", "R_X86_64_PC16", "R_X86_64_PC32", "R_X86_64_PC64", "R_X86_64_PLT32"}

SECTION = re.compile(r"^Relocation section '\.rela?(?P<section>\.\S+)'")
RELOCATION = re.compile(r"^[0-9a-f]+\s+[0-9a-f]+\s+(?P<type>R_X86_64_\w+)(?P<rest>.*)$")

# `f…` is x87 except the segment prefix; the others work on state that the kernel's fpu code owns.
FOREIGN_STATE = re.compile(
    r"%[xyz]mm\d|%mm\d|%st\b|%k[0-7]\b|%tmm\d"
    r"|\t(?!fs\b)f\w+|\t(?:emms|vzero\w+|v?(?:ld|st)mxcsr|xsave\w*|xrstor\w*)\b"
)


def output_of(*command: str) -> list[str]:
    """Runs a program of binutils and returns what it printed, by lines."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def absolute_addresses(readelf: str, path: str) -> list[str]:
    """Returns a complaint for each relocation of an object that depends on where the image lies."""
    complaints = []
    section = ""
    for line in output_of(readelf, "-rW", path):
        if heading := SECTION.match(line):
            section = heading["section"]
        elif (
            (found := RELOCATION.match(line))
            and found["type"] not in RELATIVE
            and not section.startswith(".debug")  # full of addresses, and not part of the image
        ):
            symbol = " ".join(found["rest"].split()[1:])
            complaints.append(f"{path}: {section}: absolute address of {symbol} ({found['type']})")
    return complaints


def foreign_registers(objdump: str, path: str) -> list[str]:
    """Returns a complaint for each instruction of an object that touches the program's state."""
    complaints = []
    function = "?"
    for line in output_of(objdump, "-d", "--no-show-raw-insn", path):
        if heading := re.match(r"^[0-9a-f]+ <(.+)>:$", line):
            function = heading[1]
        elif FOREIGN_STATE.search(line):
            complaints.append(f"{path}: {function}: vector or x87 register: {line.strip()}")
    return complaints


def main() -> int:
    """Checks the objects and the linked file named on the command line."""
    parser = argparse.ArgumentParser(description="check the agent's objects and linked file")
    for tool in ("objdump", "readelf", "nm"):
        parser.add_argument(f"--{tool}", default=tool)
    parser.add_argument("--elf", required=True)
    parser.add_argument("objects", nargs="+")
    options = parser.parse_args()

    complaints = []
    for path in options.objects:
        complaints += absolute_addresses(options.readelf, path)
        complaints += foreign_registers(options.objdump, path)
    complaints += [
        f"{options.elf}: relocation left: {line.strip()}"
        for line in output_of(options.readelf, "-rW", options.elf)
        if RELOCATION.match(line)
    ]
    complaints += [
        f"{options.elf}: undefined symbol: {line.split()[-1]}"
        for line in output_of(options.nm, "-u", options.elf)
        if line.strip()
    ]
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
