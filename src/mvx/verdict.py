"""Placeholder until the collector lands."""
import sys
class Collector:
    def __init__(self, monitor): self.m = monitor
    def report(self, kind, task, summary, argument, offset):
        sys.stderr.write(f"DIVERGENCE {kind} v{task.variant.index} tid {task.tid} {summary} arg {argument} off {offset}\n")
        from mvx.specification import name
        for v, t in task.set.tasks.items():
            try:
                r = t.registers
                num = self.m.arenas.arenas[v].word(t.set.lane, "number") - 1
                sys.stderr.write(f"  v{v} tid {t.tid} {t.state} in {name(num) if num>=0 else '-'}\n")
                for c in self.m.arenas.arenas[v].history(t.set.lane)[-5:]:
                    sys.stderr.write(f"     {name(c.number)} {[hex(a) for a in c.arguments]} = {c.result:#x}\n")
            except Exception as e:
                sys.stderr.write(repr(e)+"\n")
