"""The functions of a C library at which threads synchronise, for `--threads ordered`.

Declared once: the generator makes the agent's table (``agent/generated/hooks.h``) of it, and the
supervisor finds the functions by these names among a library's dynamic symbols (ordering.py). What
becomes of a call is in ``agent/order.c``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mvx.atomics import NONE, OPERATIONS, RIP

KINDS: Final = {
    "ACQUIRE": "takes an object: followers take it in the leader's order; 0 says that it has it",
    "RELEASE": "gives an object free without having it: followers do it in the leader's order",
    "WAIT": "gives its second argument, a mutex, free, waits, and takes it again",
    "MEET": "waits until enough threads have come",
    "SECTION": "does its work alone: followers do it in the leader's order",
    "ENTER": "begins such work, which another function ends",
    "TRY_ENTER": "the same, if nobody else is at it",
    "LEAVE": "ends such work",
    "AWAIT": "waits for the end of a thread: followers do, too, where the leader got one",
    "READ": "reads a number that others change, to where its second argument points",
    "ALLOCATE": "manages memory, in each variant on its own: calls inside are not compared",
}

ERROR: Final = "__errno_location"
"""Where it returns -1, what this function points to says why."""


class Hook(NamedTuple):
    """What to do at a function; `key`: which argument names the object (a number), or the symbol of
    the object, or what functions have in common.

    `plain`: the function that does the same without failing and without a limit of time.
    """

    kind: str
    key: int | str = 0
    plain: str = ""
    errors: bool = False
    """It returns -1 and an error number."""


def _all(names: str, hook: Hook) -> dict[str, Hook]:
    return dict.fromkeys(names.split(), hook)


_LOCK: Final = Hook("ACQUIRE", plain="pthread_mutex_lock")
_READ: Final = Hook("ACQUIRE", plain="pthread_rwlock_rdlock")
_WRITE: Final = Hook("ACQUIRE", plain="pthread_rwlock_wrlock")
_SPIN: Final = Hook("ACQUIRE", plain="pthread_spin_lock")
_SEMAPHORE: Final = Hook("ACQUIRE", plain="sem_wait", errors=True)
_WAIT: Final = Hook("WAIT", 1, plain="pthread_mutex_lock")

HOOKS: Final[dict[str, Hook]] = {
    **_all(
        "malloc calloc realloc memalign aligned_alloc posix_memalign valloc pvalloc free"
        " malloc_trim pthread_create",
        Hook("ALLOCATE"),
    ),
    **_all(
        "pthread_mutex_lock pthread_mutex_trylock pthread_mutex_timedlock pthread_mutex_clocklock",
        _LOCK,
    ),
    **_all("mtx_lock mtx_trylock mtx_timedlock", Hook("ACQUIRE", plain="mtx_lock")),
    **_all("pthread_cond_wait pthread_cond_timedwait pthread_cond_clockwait", _WAIT),
    **_all("cnd_wait cnd_timedwait", Hook("WAIT", 1, plain="mtx_lock")),
    **_all(
        "pthread_rwlock_rdlock pthread_rwlock_tryrdlock pthread_rwlock_timedrdlock"
        " pthread_rwlock_clockrdlock",
        _READ,
    ),
    **_all(
        "pthread_rwlock_wrlock pthread_rwlock_trywrlock pthread_rwlock_timedwrlock"
        " pthread_rwlock_clockwrlock",
        _WRITE,
    ),
    **_all("pthread_spin_lock pthread_spin_trylock", _SPIN),
    **_all("sem_wait sem_trywait sem_timedwait sem_clockwait", _SEMAPHORE),
    "sem_post": Hook("RELEASE"),
    "sem_getvalue": Hook("READ"),
    "pthread_barrier_wait": Hook("MEET"),
    **_all("pthread_once call_once", Hook("SECTION", 0)),
    **_all(
        "pthread_join pthread_tryjoin_np pthread_timedjoin_np pthread_clockjoin_np",
        Hook("AWAIT", plain="pthread_join"),
    ),
    "thrd_join": Hook("AWAIT", plain="thrd_join"),
    **_all("flockfile _IO_flockfile", Hook("ENTER", 0)),
    **_all("ftrylockfile _IO_ftrylockfile", Hook("TRY_ENTER", 0)),
    **_all("funlockfile _IO_funlockfile", Hook("LEAVE", 0)),
    **_all(
        "printf vprintf puts putchar putwchar wprintf vwprintf __printf_chk __vprintf_chk"
        " __wprintf_chk __vwprintf_chk",
        Hook("SECTION", "_IO_2_1_stdout_"),
    ),
    **_all(
        "getchar getwchar gets scanf vscanf wscanf __isoc99_scanf __isoc99_vscanf",
        Hook("SECTION", "_IO_2_1_stdin_"),
    ),
    **_all(
        "fprintf vfprintf __fprintf_chk __vfprintf_chk fwprintf vfwprintf __fwprintf_chk"
        " __vfwprintf_chk fflush fclose fgetc getc _IO_getc fgetwc getwc fseek fseeko fseeko64"
        " ftell ftello ftello64 rewind fgetpos fgetpos64 fsetpos fsetpos64 setbuf setvbuf"
        " setlinebuf setbuffer feof ferror clearerr fscanf vfscanf fwscanf __isoc99_fscanf"
        " __isoc99_vfscanf",
        Hook("SECTION", 0),
    ),
    **_all(
        "fputs fputc putc _IO_putc fputwc putwc fputws ungetc ungetwc",
        Hook("SECTION", 1),
    ),
    **_all("fgets fgetws getline __getline", Hook("SECTION", 2)),
    **_all("fwrite fread getdelim __getdelim __fgets_chk __fgetws_chk", Hook("SECTION", 3)),
    "__fread_chk": Hook("SECTION", 4),
    **_all(
        "rand srand random srandom initstate setstate drand48 lrand48 mrand48 srand48 seed48",
        Hook("SECTION", "random numbers"),
    ),
    **_all(
        "localtime localtime_r mktime timelocal tzset ctime ctime_r strftime wcsftime",
        Hook("SECTION", "time zone"),
    ),
    **_all("setenv putenv unsetenv clearenv", Hook("SECTION", "environment")),
}

_ARGUMENTS: Final = 6
"""How many arguments come in registers; keys from there on are objects."""
OBJECTS: Final = tuple(
    dict.fromkeys(hook.key for hook in HOOKS.values() if isinstance(hook.key, str))
)
"""Keys that are no arguments. Those that are symbols are looked up with the functions."""
HELPERS: Final = ("pthread_mutex_unlock", "mtx_unlock", ERROR, "syscall")
"""Functions that the agent lets a thread call, or has to know, and that are not hooked."""


def header() -> str:
    """The text of ``agent/generated/hooks.h``."""
    names = list(HOOKS)
    places = {name: number for number, name in enumerate((*names, *HELPERS))}
    lines = [
        "/* Generated by `python -m mvx.generate` from src/mvx/hooks.py: do not edit. */",
        "#ifndef MVX_HOOKS_H",
        "#define MVX_HOOKS_H",
        "",
        f"#define HOOKS_COUNT {len(names)}",
        "/* So many are of kind ALLOCATE, the lowest numbers. */",
        f"#define HOOKS_ALLOCATE {sum(hook.kind == 'ALLOCATE' for hook in HOOKS.values())}",
        f"#define FUNCTIONS_COUNT {len(places)}",
        f"#define FUNCTION_ERROR {places[ERROR]}",
        f"#define FUNCTION_SYSCALL {places['syscall']}",
        f"#define OBJECT_ARGUMENTS {_ARGUMENTS}  /* keys below are arguments, others objects */",
        "",
        "#ifndef __ASSEMBLER__",
        "#include <stdint.h>",
        "",
        "enum hook_kind {",
        *(f"    HOOK_{kind}, /* {meaning} */" for kind, meaning in KINDS.items()),
        "};",
        "",
        "enum atomic_operation {",
        *(f"    ATOMIC_{operation}," for operation in OPERATIONS),
        "};",
        f"enum {{ ATOMIC_NONE = {NONE}, ATOMIC_RIP = {RIP} }};",
        "",
        "struct hook_rule {",
        "    uint8_t kind;",
        "    uint8_t key;      /* of the object */",
        "    uint8_t plain;    /* the function that followers call */",
        "    uint8_t release;  /* HOOK_WAIT: the function that gives the mutex free */",
        "    uint8_t errors;   /* it returns -1 and an error number */",
        "};",
        "",
        "static const struct hook_rule hook_rules[HOOKS_COUNT] = {",
    ]
    for name, hook in HOOKS.items():
        key = hook.key if isinstance(hook.key, int) else _ARGUMENTS + OBJECTS.index(hook.key)
        plain = places[hook.plain or name]
        release = places["mtx_unlock" if hook.plain == "mtx_lock" else "pthread_mutex_unlock"]
        fields = f"HOOK_{hook.kind}, {key}, {plain}, {release}, {int(hook.errors)}"
        lines.append(f"    {{{fields}}}, /* {name} */")
    return "\n".join([*lines, "};", "#endif", "#endif", ""])
