"""The first process of every variant: each is started with its filter, and known to the monitor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mvx import errors, launch
from mvx.tasks import Task, TaskSet

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Variant

_CAP_SYS_ADMIN: Final = 21


def start(monitor: Monitor) -> tuple[TaskSet, list[launch.Started]]:
    """Start the variants: their first task set, and what each was started as. None has executed
    the program yet.
    """
    options = monitor.options
    privileged = launch.has_capability(_CAP_SYS_ADMIN)
    name = os.fsencode(options.program) if options.programs else b""
    pending: list[launch.Started] = []
    root: TaskSet | None = None
    for variant in monitor.variants:
        number = root.process if root is not None else 0
        started = _launch(monitor, variant, number, privileged=privileged)
        pid = started.pid
        if root is None:
            root = monitor.new_set(pid, pid)
            monitor.first_process = pid
        monitor.add_task(Task(pid, pid, variant, root, program=name))
        pending.append(started)
    assert root is not None
    return root, pending


def _launch(monitor: Monitor, variant: Variant, number: int, *, privileged: bool) -> launch.Started:
    """Start a variant; a follower in a PID namespace of its own, in which it has the leader's
    number, where that is wanted and can be had. `number`: 0 for the leader.
    """
    options = monitor.options
    content = monitor.filter(variant)
    path = monitor.programs.first(variant.index)
    if path != options.program:
        options = options._replace(program=path)
    if number and options.pids != "translate":
        try:
            started = launch.start(
                options, variant.index, content, privileged=privileged, number=number
            )
        except OSError as error:
            if options.pids == "namespace":
                message = f"no PID namespace for variant {variant.index}: {error.strerror}"
                raise errors.KernelLacks(message, fix="use --pids=translate") from error
        else:
            variant.namespace = True
            variant.parent = started.parent
            monitor.parents.append(started.parent)
            return started
    return launch.start(options, variant.index, content, privileged=privileged)
