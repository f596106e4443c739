// A leader that speaks to its followers itself, and variants that listen to each other.
#include "hostile.h"

static struct task *task(void) { return (struct task *)(base + TASKS_OFFSET); }

static void put(const void *bytes, size_t count) {
    char *ring = (char *)lane(own_index()) + LANE_HEADER_SIZE;
    for (size_t i = 0; i < count; i++)
        ring[(task()->position + i) % RING_SIZE] = ((const char *)bytes)[i];
    task()->position += count;
}

static void publish(void) {
    lane(own_index())->head = task()->position;
    PLAIN(SYS_futex, &lane(own_index())->head, 1 /* FUTEX_WAKE */, 0x7fffffff, 0, 0, 0);
}

static void call(long number, long a, long b, long c) {
    struct message message = {.kind = MESSAGE_CALL, .number = (uint32_t)number};
    message.arguments[0] = (uint64_t)a;
    message.arguments[1] = (uint64_t)b;
    message.arguments[2] = (uint64_t)c;
    put(&message, sizeof message);
}

static void result(long number, long value, uint64_t kept) {
    struct message message = {.kind = MESSAGE_RESULT, .number = (uint32_t)number, .result = (uint64_t)value};
    message.arguments[0] = kept;
    put(&message, sizeof message);
}

static void block(const void *bytes, uint32_t count) {
    put(&count, sizeof count);
    put(bytes, count);
}

// Followers read 16 bytes: what they get is the leader's word.
static char received[64] = "................................";

static void read_sixteen(void) {
    long got = read(0, received, 16);
    if (got > 16 || got < -1)
        escaped("a result that the kernel could not have given");
    if (received[16] != '.')
        escaped("more bytes than the buffer has");
}

static void result_too_large(void) {
    call(SYS_read, 0, 8, 16);
    result(SYS_read, 4096, 0);
    block("0123456789abcdef", 16);
    publish();
}

static void block_too_large(void) {
    call(SYS_read, 0, 8, 16);
    result(SYS_read, 16, 0);
    block("0123456789abcdef0123456789abcdef", 32);
    publish();
}

static void block_huge(void) {
    call(SYS_read, 0, 8, 16);
    result(SYS_read, 16, 0);
    uint32_t count = 0xfffffffd;
    put(&count, sizeof count);
    publish();
}

static void result_unknown_error(void) {
    call(SYS_read, 0, 8, 16);
    result(SYS_read, -100000, 0);
    block("", 0);
    publish();
}

static void message_unknown(void) {
    struct message message = {.kind = 99, .number = SYS_read};
    put(&message, sizeof message);
    publish();
}

static void message_torn(void) {
    struct message message = {.kind = MESSAGE_CALL, .number = SYS_read};
    put(&message, 12);
    publish();
}

static void signal_from_nowhere(void) {
    struct message message = {.kind = MESSAGE_SIGNAL, .number = 77};
    put(&message, sizeof message);
    publish();
}

// Followers open a file: the number that they put it at is the leader's word.
static void open_a_file(void) {
    int file = open("/dev/null", O_RDONLY);
    if (file == 1 || file > 1 << 20)
        escaped("a descriptor that the kernel could not have given");
}

static void descriptor(long number, uint64_t kept) {
    call(SYS_openat, AT_FDCWD, 8, 0);
    block("/dev/null", 9);
    result(SYS_openat, number, kept);
    publish();
}

static void descriptor_of_output(void) { descriptor(1, KEPT_ONCE); }
static void descriptor_huge(void) { descriptor(0x7fffffff, KEPT_MAPPED); }
static void descriptor_kept_as_unknown(void) { descriptor(9, 0xff); }

// What a variant reads in the others' arenas must not tell where their memory lies.
static void read_other_addresses(void) {
    struct task *own = task();
    for (unsigned variant = 0; variant < variants; variant++) {
        const uint64_t *words = (const uint64_t *)lane(variant);
        for (size_t i = 0; variant != own->variant && i < LANE_STRIDE / 8; i++)
            if (words[i] >> 36 == 0x7ff && words[i] >> 32 != (uint64_t)&own >> 32)
                escaped("an address in another variant's stack");
    }
}

const struct action actions[] = {
    {"result-too-large", result_too_large, read_sixteen},
    {"block-too-large", block_too_large, read_sixteen},
    {"block-huge", block_huge, read_sixteen},
    {"result-unknown-error", result_unknown_error, read_sixteen},
    {"message-unknown", message_unknown, read_sixteen},
    {"message-torn", message_torn, read_sixteen},
    {"signal-from-nowhere", signal_from_nowhere, read_sixteen},
    {"descriptor-of-output", descriptor_of_output, open_a_file},
    {"descriptor-huge", descriptor_huge, open_a_file},
    {"descriptor-kept-as-unknown", descriptor_kept_as_unknown, open_a_file},
    {"read-other-addresses", read_other_addresses, NULL},
    {NULL, NULL, NULL},
};
