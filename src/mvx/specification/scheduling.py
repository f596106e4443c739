"""Scheduling: set and asked at the leader. The followers' scheduling is the supervisor's."""

from .annotations import Bytes, Hex, In, Int, Int32, Out, Own, Pid, Policy, UInt, Zero
from .declaration import leader, local
from .structures import sched_attr, sched_param, timespec


@local(handler="order")
def sched_yield() -> Zero: ...


@leader
def sched_setaffinity(pid: Pid, len: UInt, user_mask_ptr: In[Bytes("len")]) -> Zero: ...


@leader(loading=True)
def sched_getaffinity(pid: Pid, len: UInt, user_mask_ptr: Out[Bytes.result("len")]) -> Int: ...


@leader
def sched_setparam(pid: Pid, param: In[sched_param]) -> Zero: ...


@leader
def sched_getparam(pid: Pid, param: Out[sched_param]) -> Zero: ...


@leader
def sched_setscheduler(pid: Pid, policy: Policy, param: In[sched_param]) -> Zero: ...


@leader
def sched_getscheduler(pid: Pid) -> Int: ...


@leader
def sched_setattr(pid: Pid, uattr: In[sched_attr], flags: Hex) -> Zero: ...


@leader
def sched_getattr(pid: Pid, uattr: Out[Bytes("usize")], usize: UInt, flags: Hex) -> Zero: ...


@leader
def sched_get_priority_max(policy: Policy) -> Int: ...


@leader
def sched_get_priority_min(policy: Policy) -> Int: ...


@leader
def sched_rr_get_interval(pid: Pid, interval: Out[timespec]) -> Zero: ...


@leader
def getpriority(which: Int, who: Int) -> Int: ...


@leader(effect=True, sensitive=True)
def setpriority(which: Int, who: Int, niceval: Int) -> Zero: ...


@leader
def ioprio_get(which: Int, who: Int) -> Int: ...


@leader(effect=True, sensitive=True)
def ioprio_set(which: Int, who: Int, ioprio: Int) -> Zero: ...


@leader(elastic=True)
def getcpu(cpup: Out[Int32], nodep: Out[Int32], unused: Own) -> Zero: ...
