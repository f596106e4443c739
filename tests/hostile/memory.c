// The agent's memory: unmap it, map over it, make it writable, write rubbish over what is writable.
#include "hostile.h"

#include <sys/shm.h>

static uint64_t end_of_region(void) { return (uint64_t)arena(variants); }
static char *other_arena(void) { return arena(own_index() == 0 ? variants - 1 : 0); }

static uint64_t random_state = 88172645463325252;
static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static void rubbish(void *start, size_t size) {
    for (uint64_t *word = start; (char *)word + 8 <= (char *)start + size; word++)
        *word = next_random();
}

static void try_all_on(long (*call)(long, ...)) {
    MUST_FAIL(call(SYS_mprotect, base, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
    MUST_FAIL(call(SYS_mprotect, other_arena(), 4096, PROT_READ | PROT_WRITE));
    MUST_FAIL(call(SYS_mprotect, base - 4096, 8192, PROT_READ | PROT_WRITE));
    MUST_FAIL(call(SYS_pkey_mprotect, other_arena(), 4096, PROT_READ | PROT_WRITE, -1));
    MUST_FAIL(call(SYS_munmap, base, 4096));
    MUST_FAIL(call(SYS_munmap, end_of_region() - 4096, 4096));
    MUST_FAIL(call(SYS_munmap, 0x10000, ~0xfffUL >> 17));
    MUST_FAIL(call(SYS_mmap, base, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    MUST_FAIL(call(SYS_mmap, other_arena(), 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    MUST_FAIL(call(SYS_mmap, base - 4096, 8192, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    MUST_FAIL(call(SYS_mremap, base, 4096, 8192, MREMAP_MAYMOVE));
    MUST_FAIL(call(SYS_mremap, other_arena(), 0, 4096, MREMAP_MAYMOVE));
    MUST_FAIL(call(SYS_remap_file_pages, other_arena(), 4096, 0, 1, 0));
    MUST_FAIL(call(SYS_process_madvise, -1, 0, 0, 4, 0));
    long page = call(SYS_mmap, 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page > 0)
        MUST_FAIL(call(SYS_mremap, page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, base));
    if (image()->magic != IMAGE_MAGIC)
        escaped("the agent's image is gone");
}

static void normal_mapping(void) { try_all_on(syscall); }

static long plain(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    return PLAIN(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long traced(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    return TRACED(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void plain_mapping(void) { try_all_on(plain); }
static void traced_mapping(void) { try_all_on(traced); }

static void attach_segment(void) {
    int segment = (int)PLAIN(SYS_shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    MUST_FAIL(syscall(SYS_shmat, segment, base, SHM_REMAP));
    MUST_FAIL(TRACED(SYS_shmat, segment, other_arena(), SHM_REMAP));
    PLAIN(SYS_shmctl, segment, IPC_RMID, 0);
}

// madvise is everybody's own business, so it passes from anywhere; only the variant itself may suffer.
static void advise(int advice) {
    syscall(SYS_madvise, other_arena(), ARENA_SIZE, advice);
    syscall(SYS_madvise, arena(own_index()), ARENA_SIZE, advice);
    syscall(SYS_madvise, base, PRIVATE_SIZE, advice);
}

static void advise_dontneed(void) { advise(MADV_DONTNEED); }
static void advise_remove(void) { advise(MADV_REMOVE); }

static void after_fork(int advice) {
    advise(advice);
    pid_t child = fork();
    if (child == 0) {
        puts("child");
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void advise_dontfork(void) { after_fork(MADV_DONTFORK); }
static void advise_wipeonfork(void) { after_fork(MADV_WIPEONFORK); }

static void write_memory_files(void) {
    static const char *const names[] = {"/proc/self/mem", "/proc/thread-self/mem", "/proc/self/task/../mem", "link"};
    char name[64];
    if (symlink("/proc/self/mem", "link"))
        return;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        MUST_FAIL(open(names[i], O_RDWR));
        MUST_FAIL(open(names[i], O_RDONLY));
    }
    snprintf(name, sizeof name, "/proc/%d/mem", getpid());
    MUST_FAIL(open(name, O_RDWR));
    snprintf(name, sizeof name, "/proc/self/task/%ld/mem", syscall(SYS_gettid));
    MUST_FAIL(open(name, O_RDWR));
    MUST_FAIL(openat(open("/proc/self", O_RDONLY | O_DIRECTORY), "mem", O_RDWR));
    MUST_FAIL(openat(open("/proc/self", O_PATH), "mem", O_RDWR));
    uint64_t how[3] = {O_RDWR, 0, 0};
    MUST_FAIL(syscall(SYS_openat2, AT_FDCWD, "/proc/self/mem", how, sizeof how));
    MUST_FAIL(open("/proc/self/mem", O_PATH));
    unlink("link");
}

// Other processes, by a file that the leader may open at the untraced gate: followers and the supervisor run as the same user.
static void write_other_memory(void) {
    static const char own_word[] = "mvx-arena-";
    char name[64], line[256];
    int own = getpid();
    for (int pid = own - 40; pid < own + 40; pid++) {
        if (pid == own || pid < 2)
            continue;
        snprintf(name, sizeof name, "/proc/%d/maps", pid);
        long maps = PLAIN(SYS_open, name, O_RDONLY);
        snprintf(name, sizeof name, "/proc/%d/mem", pid);
        long memory = PLAIN(SYS_open, name, O_RDWR);
        bool found = false;
        for (size_t filled = 0; maps >= 0 && PLAIN(SYS_read, maps, line + filled, 1) == 1;) {
            filled = line[filled] == '\n' || filled > 250 ? 0 : filled + 1;
            found = found || (filled >= sizeof own_word - 1 &&
                              !memcmp(line + filled - sizeof own_word + 1, own_word, sizeof own_word - 1));
            uint64_t start;
            if (!filled && found && memory >= 0 && sscanf(line, "%lx", &start) == 1) {
                char byte;
                if (PLAIN(SYS_pread64, memory, &byte, 1, start) == 1 && PLAIN(SYS_pwrite64, memory, &byte, 1, start) == 1)
                    escaped("the memory of another variant or of mvx was written");
                found = false;
            }
        }
        PLAIN(SYS_close, maps);
        PLAIN(SYS_close, memory);
    }
}

static void scribble_own_lane(void) { rubbish(lane(own_index()), LANE_STRIDE); }
static void scribble_lane_header(void) { rubbish(lane(own_index()), LANE_HEADER_SIZE); }
static void scribble_whole_arena(void) { rubbish(arena(own_index()), 64 * (size_t)LANE_STRIDE); }

static void other_lane(uint64_t *word) {
    *word = ~0UL;
    puts("on");
    fflush(stdout);
}

static void claim_everything_agreed(void) { other_lane(&lane(own_index())->tail); }
static void claim_everything_published(void) { other_lane(&lane(own_index())->head); }
static void go_back(void) {
    lane(own_index())->tail = lane(own_index())->head = 0;
    puts("on");
    fflush(stdout);
}

static struct task *task(void) { return (struct task *)(base + TASKS_OFFSET); }

static void scribble_task(void) { rubbish(task(), sizeof(struct task)); }
static void scribble_agent_stack(void) { rubbish(task() + 1, TASK_SLOT_SIZE - sizeof(struct task)); }
static void scribble_descriptors(void) { rubbish((void *)(base + PROCESS_OFFSET), TASKS_OFFSET - PROCESS_OFFSET); }
static void task_lane(void) { task()->lane = 0x7fffffff; }
static void task_other_lane(void) { task()->lane = 1; }
static void task_variants(void) { task()->variants = 0xffffffff; }
static void task_variant(void) { task()->variant = 1 - task()->variant; }
static void task_leader(void) { task()->leader = 1 - task()->leader; }
static void task_position(void) { task()->position += 8; }
static void task_stack(void) { task()->stack = 8; }
static void task_descriptors(void) { task()->descriptors = 8; }
static void task_pending(void) { task()->pending = 1; }
static void task_watchdog(void) { task()->watchdog_s = 0; }
static void task_pid(void) { task()->pid++; }

const struct action actions[] = {
    {"normal-mapping", normal_mapping, NULL},
    {"plain-mapping", plain_mapping, NULL},
    {"traced-mapping", traced_mapping, NULL},
    {"attach-segment", attach_segment, NULL},
    {"advise-dontneed", advise_dontneed, NULL},
    {"advise-remove", advise_remove, NULL},
    {"advise-dontfork", advise_dontfork, NULL},
    {"advise-wipeonfork", advise_wipeonfork, NULL},
    {"write-memory-files", write_memory_files, NULL},
    {"write-other-memory", write_other_memory, NULL},
    {"scribble-own-lane", scribble_own_lane, NULL},
    {"scribble-lane-header", scribble_lane_header, NULL},
    {"scribble-whole-arena", scribble_whole_arena, NULL},
    {"claim-everything-agreed", claim_everything_agreed, NULL},
    {"claim-everything-published", claim_everything_published, NULL},
    {"go-back", go_back, NULL},
    {"scribble-task", scribble_task, NULL},
    {"scribble-agent-stack", scribble_agent_stack, NULL},
    {"scribble-descriptors", scribble_descriptors, NULL},
    {"task-lane", task_lane, NULL},
    {"task-other-lane", task_other_lane, NULL},
    {"task-variants", task_variants, NULL},
    {"task-variant", task_variant, NULL},
    {"task-leader", task_leader, NULL},
    {"task-position", task_position, NULL},
    {"task-stack", task_stack, NULL},
    {"task-descriptors", task_descriptors, NULL},
    {"task-pending", task_pending, NULL},
    {"task-watchdog", task_watchdog, NULL},
    {"task-pid", task_pid, NULL},
    {NULL, NULL, NULL},
};
