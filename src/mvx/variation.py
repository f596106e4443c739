"""How the initial stack of each variant's images differs: what `--diversify` chose, carried out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from mvx.stack import AT_BASE, AT_ENTRY, AT_PHDR, RANDOM_SIZE, Wishes

if TYPE_CHECKING:
    from mvx.options import Options
    from mvx.placement import Placement, Plan
    from mvx.stack import InitialStack
    from mvx.tasks import Task


class Variation:
    """What one run's variants get on their stacks."""

    def __init__(self, seed: int, options: Options, placement: Placement) -> None:
        """All choices follow from the seed."""
        self._seed = seed
        self._chosen = options.diversify
        self._variants = options.variants
        self._placement = placement

    def wishes(self, task: Task, stack: InitialStack, plan: Plan) -> Wishes:
        """How the initial stack of a new image is to differ from the kernel's."""
        task.images += 1
        variant = task.variant.index
        image = f"{self._seed}/{task.set.identifier}/{task.images}"
        common = random.Random(f"{image}/canary")  # noqa: S311 - the seed is random
        moves_environment = "environment" in self._chosen and variant > 0
        return Wishes(
            shift=plan.stack,
            residue=self._placement.stack_residue(variant),
            canary=None if "canary" in self._chosen else common.randbytes(RANDOM_SIZE),
            environment=random.Random(f"{image}/environment/{variant}")  # noqa: S311
            if moves_environment
            else None,
            auxiliary={
                kind: stack.auxiliary(kind) + distance
                for kind, distance in (
                    (AT_PHDR, plan.image),
                    (AT_ENTRY, plan.image),
                    (AT_BASE, plan.loader),
                )
                if stack.auxiliary(kind)
            },
        )
