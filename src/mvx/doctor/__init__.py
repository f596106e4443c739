"""What this machine has and lacks for mvx: read where the kernel says it, tried where it does not.

Whether a call works here is decided by kernel version, configuration, capabilities, security
modules, sysctls and the filters of a container together, so nothing is concluded from a version
number. Every attempt runs in a forked child with a time limit, in a session of its own that is
killed afterwards: what an attempt changes (filters, namespaces, traps) ends with it.

Sources: ptrace(2), seccomp(2), clone3(2) `set_tid` (5.5), user_namespaces(7), arch_prctl(2)
`ARCH_SET_CPUID` (4.12), PR_SET_TSC(2const), mseal(2) (6.10), memfd_create(2), pidfd_getfd(2) (5.6),
process_vm_writev(2), proc_pid_mem(5), Documentation/admin-guide/LSM/Yama.rst.
"""

from __future__ import annotations

import dataclasses
import json
import textwrap

from mvx import __version__
from mvx.doctor import attempts, readings
from mvx.doctor.finding import Finding

WRAP_COLUMNS = 100


def examine() -> list[Finding]:
    """Look at everything. Takes under a second; leaves nothing behind."""
    return [
        readings.kernel(),
        readings.ptrace_scope(),
        readings.confinement(),
        *(attempt.finding() for attempt in attempts.ATTEMPTS),
        readings.shared_memory(),
        readings.memory_limits(),
        readings.overcommit(),
        readings.processors(),
        readings.transfers(),
        readings.container(),
    ]


def can_run(findings: list[Finding]) -> bool:
    """Return whether mvx can run at all."""
    return not any(finding.needed and finding.state == "missing" for finding in findings)


def render(findings: list[Finding], *, as_json: bool) -> str:
    """Return the findings as JSON or as aligned text."""
    runs = can_run(findings)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        document = {"version": __version__, "can_run": runs, "findings": rows}
        return json.dumps(document, indent=2)
    width = max(len(finding.name) for finding in findings)
    indent = " " * (len("missing") + 2 + width + 2)
    lines = []
    for finding in findings:
        head = f"{finding.state:7}  {finding.name:{width}}  "
        texts = [(head, finding.found), (indent, f"= {finding.follows}")]
        if finding.fix:
            texts.append((indent, f"fix: {finding.fix}"))
        for start, text in texts:
            lines += textwrap.wrap(
                text, WRAP_COLUMNS, initial_indent=start, subsequent_indent=indent + "  "
            )
    lacking = ", ".join(f.name for f in findings if f.needed and f.state == "missing")
    lines += ["", "mvx can run here." if runs else f"mvx cannot run here: {lacking} missing."]
    return "\n".join(lines)
