"""Time: read by the leader only, so that all variants live in the same moment."""

from .annotations import (
    Clock,
    Fd,
    Hex,
    In,
    InOut,
    Int,
    Int32,
    Int64,
    IntervalTimer,
    Long,
    Out,
    StatusFlags,
    UInt,
    Zero,
)
from .declaration import leader
from .structures import itimerspec, itimerval, sigevent, timespec, timeval, timex, timezone, tms

TFD_CLOEXEC = 0o2000000
TIMEX = "only the modes are compared: programs leave the rest unset when they only ask"


@leader(handler="clock", elastic=True)
def time(tloc: Out[Int64]) -> Long: ...


@leader(handler="clock", elastic=True)
def gettimeofday(tv: Out[timeval], tz: Out[timezone]) -> Zero: ...


@leader(handler="clock", elastic=True)
def clock_gettime(which_clock: Clock, tp: Out[timespec]) -> Zero: ...


@leader
def clock_getres(which_clock: Clock, tp: Out[timespec]) -> Zero: ...


@leader
def times(tbuf: Out[tms]) -> Long: ...


@leader(out_on_error=True, elastic=True, blocks=True)
def nanosleep(rqtp: In[timespec], rmtp: Out[timespec]) -> Zero:
    """An interrupted sleep writes what remains."""


@leader(out_on_error=True, elastic=True, blocks=True)
def clock_nanosleep(
    which_clock: Clock, flags: Hex, rqtp: In[timespec], rmtp: Out[timespec]
) -> Zero: ...


@leader
def getitimer(which: IntervalTimer, value: Out[itimerval]) -> Zero: ...


@leader(sensitive=True)
def setitimer(which: IntervalTimer, value: In[itimerval], ovalue: Out[itimerval]) -> Zero:
    """Only the leader has timers; the supervisor brings their signals to all."""


@leader(sensitive=True)
def alarm(seconds: UInt) -> UInt: ...


@leader(handler="timer_create", sensitive=True)
def timer_create(
    which_clock: Clock, timer_event_spec: In[sigevent], created_timer_id: Out[Int32]
) -> Zero:
    """The value that comes with the signal is each variant's own."""


@leader(sensitive=True)
def timer_settime(
    timer_id: Int, flags: Hex, new_setting: In[itimerspec], old_setting: Out[itimerspec]
) -> Zero: ...


@leader
def timer_gettime(timer_id: Int, setting: Out[itimerspec]) -> Zero: ...


@leader
def timer_getoverrun(timer_id: Int) -> Int: ...


@leader(sensitive=True)
def timer_delete(timer_id: Int) -> Zero: ...


@leader(cloexec=("flags", TFD_CLOEXEC))
def timerfd_create(clockid: Clock, flags: StatusFlags) -> Fd: ...


@leader
def timerfd_settime(ufd: Fd, flags: Hex, utmr: In[itimerspec], otmr: Out[itimerspec]) -> Zero: ...


@leader
def timerfd_gettime(ufd: Fd, otmr: Out[itimerspec]) -> Zero: ...


@leader(effect=True, sensitive=True)
def clock_settime(which_clock: Clock, tp: In[timespec]) -> Zero: ...


@leader(effect=True, sensitive=True)
def settimeofday(tv: In[timeval], tz: In[timezone]) -> Zero: ...


@leader(effect=True, sensitive=True, note=TIMEX)
def adjtimex(txc_p: InOut[timex]) -> Int: ...


@leader(effect=True, sensitive=True, note=TIMEX)
def clock_adjtime(which_clock: Clock, tx: InOut[timex]) -> Int: ...
