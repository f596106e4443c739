"""Calls that nobody executes.

The errno is one that the kernel itself gives where the call is configured away or not permitted, so
programs know how to live with it. The reason is printed by `mvx syscalls` and in the report.
"""

from errno import EINVAL, ENOSYS, EOPNOTSUPP, EPERM

from .declaration import refuse

# What would go around the agent or show it
refuse(
    ENOSYS,
    "io_uring_setup io_uring_enter io_uring_register",
    reason="requests go through shared memory, past every comparison; programs fall back to read",
)
refuse(
    ENOSYS,
    "io_setup io_destroy io_getevents io_submit io_cancel io_pgetevents",
    reason="asynchronous requests go past the comparison; programs fall back to threads",
)
refuse(
    ENOSYS,
    "rseq rseq_slice_yield",
    reason="the kernel would write into memory at every task switch; the C library does without",
)
refuse(
    EPERM,
    "ptrace",
    reason="mvx itself traces the program, and a task has one tracer (see --trace for its calls)",
    told=True,
)
refuse(
    ENOSYS,
    "process_vm_readv process_vm_writev",
    reason="would read and write memory past every comparison",
)
refuse(ENOSYS, "pidfd_getfd", reason="takes a descriptor that followers have no counterpart of")
refuse(EINVAL, "seccomp", reason="a second filter would see and could refuse the agent's calls")
refuse(ENOSYS, "userfaultfd", reason="page faults of the variants are not the same")
refuse(ENOSYS, "perf_event_open", reason="counters and their memory differ between variants")
refuse(
    ENOSYS, "bpf", reason="programs and maps hold addresses and are visible to the whole machine"
)
refuse(
    ENOSYS,
    "landlock_create_ruleset landlock_add_rule landlock_restrict_self",
    reason="would restrict the agent as well; programs go on without the sandbox",
)
refuse(ENOSYS, "memfd_secret", reason="hides memory from the supervisor")
refuse(
    EPERM,
    "fanotify_init fanotify_mark",
    reason="events hold descriptors that followers would need placeholders for",
)
refuse(EOPNOTSUPP, "lsm_set_self_attr", reason="would change what the agent is permitted")

# What belongs to the processor and the stack
refuse(ENOSYS, "modify_ldt set_thread_area get_thread_area", reason="segments of 32-bit programs")
refuse(ENOSYS, "iopl ioperm", reason="ports are effects that no call announces")
refuse(ENOSYS, "map_shadow_stack", reason="signals and patched calls do not maintain shadow stacks")
refuse(ENOSYS, "uretprobe uprobe", reason="only the kernel's own probes make this call")

# What administers the machine
refuse(
    ENOSYS, "init_module finit_module delete_module", reason="kernel modules are not a program's"
)
refuse(ENOSYS, "kexec_load kexec_file_load", reason="would replace the kernel")

# What Linux itself no longer has, or never had on x86-64
refuse(
    ENOSYS,
    "uselib create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall "
    "tuxcall security vserver epoll_ctl_old epoll_wait_old _sysctl lookup_dcookie sysfs",
    reason="history: current kernels do not have it either, or nobody uses it",
)
