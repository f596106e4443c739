"""What does not work yet, each with its cause.

A gap is asserted both ways: a test that is named here must fail, or this table is out of date. The documentation's page of
what does not work is made of the same causes.
"""

from __future__ import annotations

from typing import Final

PROGRAMS: Final[dict[str, str]] = {}
"""Programs of tests/programs that do not behave under mvx, in any combination, as they do natively."""

COMBINATIONS: Final[dict[str, str]] = {}
"""The same for one combination only: "name[combination]", as the test's name has it."""

WARNINGS: Final[tuple[str, ...]] = ()
"""Regular expressions of the warnings that mvx may print while a program of tests/programs behaves."""

HOSTILE: Final[dict[str, str]] = {}
"""What a variant that is taken over can do, or how it can make mvx hang or fail: "file/action/who"."""

ATTACKS: Final[dict[str, str]] = {}
"""Attacks of tests/test_attacks.py that should be stopped and are not."""
