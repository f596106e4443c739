"""How the images of the variants differ at their start: what `--diversify` chose, carried out.

`heap` and `fill` act through the loader: it finds the library, or the tunables of glibc, in entries
of the environment (ld.so(8)) that are taken back at the program's entry (entry.py). All variants
get entries of the same sizes, so the loader does the same in all of them. A program without a
loader (static, or Go) gets none.
"""

from __future__ import annotations

import os
import random
import stat
from typing import TYPE_CHECKING, Final

from mvx import diversity, seeds
from mvx.allocators import GLIBC, needed, settings
from mvx.stack import AT_BASE, AT_ENTRY, AT_PHDR, RANDOM_SIZE, Wishes

if TYPE_CHECKING:
    from mvx.newimage import NewImage
    from mvx.options import Options
    from mvx.placement import Placement, Plan
    from mvx.stack import InitialStack
    from mvx.tasks import Task

_LIBRARY: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "heap.so")
_AT_HEAP_SEED: Final = 0x6D766801
_AT_HEAP_FILL: Final = 0x6D766802
_FILLS: Final = range(100, 255)
"""Three digits each, so that the text is as long in all variants."""


class Variation:
    """What one run's variants get on their stacks."""

    def __init__(self, seed: int, options: Options, placement: Placement) -> None:
        """All choices follow from the seed."""
        self._seed = seed
        self._chosen = options.diversify
        self._allocators = options.allocators
        self._needed = needed(options.allocators)
        self._placement = placement
        generator = random.Random(f"{seed}/fill")  # noqa: S311 - the seed is random
        self._fills = generator.sample(_FILLS, options.variants)

    def wishes(self, task: Task, new: NewImage, plan: Plan) -> Wishes:
        """How the initial stack of a new image is to differ from the kernel's."""
        task.images += 1
        program, task.program = task.program, b""
        variant = task.variant.index
        image = f"{self._seed}/{task.set.identifier}/{task.images}"
        stack = new.stack
        chosen = diversity.for_program(self._chosen, new.name)
        canary = None
        if "canary" not in chosen or seeds.draws_from_stack(new.memory, new.program):
            canary = random.Random(f"{image}/canary").randbytes(RANDOM_SIZE)  # noqa: S311
        moves_environment = "environment" in self._chosen
        auxiliary = {
            kind: stack.auxiliary(kind) + distance
            for kind, distance in (
                (AT_PHDR, plan.image),
                (AT_ENTRY, plan.image),
                (AT_BASE, plan.loader),
            )
            if stack.auxiliary(kind)
        }
        loader: list[bytes] = []
        if stack.auxiliary(AT_BASE):
            loader = self._for_loader(task, stack, auxiliary, f"{image}/heap/{variant}")
        return Wishes(
            shift=plan.stack,
            residue=self._placement.stack_residue(variant, plan),
            canary=canary,
            environment=random.Random(f"{image}/environment/{variant}")  # noqa: S311
            if moves_environment
            else None,
            program=program,
            loader=tuple(loader),
            auxiliary=auxiliary,
        )

    def loads_own(self, stack: InitialStack) -> bool:
        """Whether the variants' loaders load different libraries into a new image."""
        return bool(self._allocators) and bool(stack.auxiliary(AT_BASE))

    def _for_loader(
        self, task: Task, stack: InitialStack, auxiliary: dict[int, int], name: str
    ) -> list[bytes]:
        """Entries of the environment for the loader; their parameters go to the vector."""
        fill = self._fills[task.variant.index] if "fill" in self._chosen else 0
        variant = task.variant.index
        if self._allocators:
            library = self._allocators[(variant - 1) % len(self._allocators)] if variant else ""
            first = [library] if library not in ("", GLIBC) else []
            if all(_is_readable(task.tid, path) for path in first):
                entries = (
                    [_preload([*first, *self._needed], stack)] if first or self._needed else []
                )
                if library == GLIBC:
                    choose = random.Random(name)  # noqa: S311 - the seed is random
                    entries.append(b"GLIBC_TUNABLES=" + settings(choose))
                return [b"MVX_LOADER="] * (len(entries) % 2) + entries
        if "heap" in self._chosen and _is_readable(task.tid, _LIBRARY):
            generator = random.Random(name)  # noqa: S311 - the seed is random
            auxiliary[_AT_HEAP_SEED] = generator.getrandbits(64)
            if fill:
                auxiliary[_AT_HEAP_FILL] = fill
            return [b"MVX_LOADER=", _preload([_LIBRARY], stack)]
        if fill:
            # glibc does not fill what it keeps in a thread's cache (malloc/malloc.c, 2.26 and up).
            value = b"glibc.malloc.perturb=%d:glibc.malloc.tcache_count=0" % fill
            return [b"MVX_LOADER=", b"GLIBC_TUNABLES=" + value]
        return []


def _preload(libraries: list[str], stack: InitialStack) -> bytes:
    """The variable that preloads libraries before those of the program's own environment."""
    own = stack.variable(b"LD_PRELOAD")
    return b"LD_PRELOAD=" + b":".join([*map(os.fsencode, libraries), *([own] if own else [])])


def _is_readable(tid: int, path: str) -> bool:
    """Whether a task finds a file in its root directory and may read it, as far as modes tell."""
    if os.stat(f"/proc/{tid}").st_uid == 0 and os.path.exists(f"/proc/{tid}/root{path}"):
        return True
    while path != "/":
        try:
            mode = os.stat(f"/proc/{tid}/root{path}").st_mode
        except OSError:
            return False
        if not mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH):
            return False
        path = os.path.dirname(path)
    return True
