/*
 * Calls that are many: the request of ioctl, fcntl, prctl, keyctl and the controls of System V
 * objects says what the other arguments are, and which rule holds.
 */
#include <asm/unistd_64.h>
#include <linux/fcntl.h>

#include "agent.h"
#include "generated/rules.h"

enum {
    EBADF = 9,
    EINVAL = 22,
    EOPNOTSUPP = 95,
    IOC_SIZE_SHIFT = 16,
    IOC_SIZE_MASK = 0x3fff,
    IOC_DIRECTION_SHIFT = 30,
    IOC_WRITE = 1,
    IOC_READ = 2,
};

static const struct request_rule *find_request(const struct request_rule *table, int count,
                                               uint32_t request) {
    int low = 0;
    while (low < count) {
        int middle = (low + count) / 2;
        if (table[middle].request == request) {
            return &table[middle];
        }
        if (table[middle].request < request) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return NULL;
}

/* Use the rule of a request for argument `index`; without a rule an ioctl is treated as its number
 * says (_IOC). */
static void apply_request(struct call *call, const struct request_rule *table, int count,
                          int request_index) {
    uint32_t request = (uint32_t)call->arguments[request_index];
    const struct request_rule *rule = find_request(table, count, request);
    int index = request_index + 1;
    call->effective = *call->rule;
    call->rule = &call->effective;
    if (rule) {
        call->executor = rule->executor;
        call->flags |= rule->flags;
        call->refusal = rule->refusal;
        call->effective.result = rule->result;
        call->effective.arguments[index] = rule->argument;
        return;
    }
    if (call->number != __NR_ioctl) {
        call->executor = EXECUTOR_REFUSED;
        call->refusal = EINVAL;
        call->effective.arguments[index].kind = KIND_OPAQUE;
        if (call->number == __NR_fcntl &&
            plain(__NR_fcntl, call->arguments[0], F_GETLEASE, 0, 0, 0, 0) == -EBADF) {
            call->refusal = EBADF;
        }
        return;
    }
    uint32_t access = request >> IOC_DIRECTION_SHIFT;
    uint32_t size = request >> IOC_SIZE_SHIFT & IOC_SIZE_MASK;
    call->flags |= FLAG_EFFECT;
    call->effective.arguments[index] = (struct argument_rule){
        .kind = size ? KIND_BYTES : KIND_OPAQUE,
        .direction = (uint8_t)((access & IOC_WRITE ? DIRECTION_IN : 0) |
                               (access & IOC_READ ? DIRECTION_OUT : 0)),
        .size = (uint16_t)size,
    };
}

static void apply_option(struct call *call, const struct option_rule *table, int count,
                         uint8_t refusal) {
    call->effective = *call->rule;
    call->rule = &call->effective;
    for (int i = 0; i < count; i++) {
        const struct option_rule *rule = &table[i];
        if (rule->option != (uint32_t)call->arguments[0]) {
            continue;
        }
        call->executor = rule->executor;
        call->flags |= rule->flags | FLAG_SENSITIVE; /* never passes the untraced gate */
        call->refusal = rule->refusal;
        call->effective.result = rule->result;
        for (int argument = 0; argument < 4; argument++) {
            call->effective.arguments[argument + 1] = rule->arguments[argument];
        }
        return;
    }
    call->executor = EXECUTOR_REFUSED;
    call->refusal = refusal;
    call->effective.count = 1;
}

void request_prepare(struct call *call) {
    switch (call->number) {
    case __NR_fcntl:
        apply_request(call, fcntl_rules, FCNTL_RULES_COUNT, 1);
        call->effective.blocks =
            call->arguments[1] == F_SETLKW || call->arguments[1] == F_OFD_SETLKW;
        break;
    case __NR_ioctl:
        apply_request(call, ioctl_rules, IOCTL_RULES_COUNT, 1);
        break;
    case __NR_semctl:
        apply_request(call, semctl_rules, SEMCTL_RULES_COUNT, 2);
        break;
    case __NR_msgctl:
        apply_request(call, msgctl_rules, MSGCTL_RULES_COUNT, 1);
        break;
    case __NR_shmctl:
        apply_request(call, shmctl_rules, SHMCTL_RULES_COUNT, 1);
        break;
    case __NR_prctl:
        apply_option(call, prctl_rules, PRCTL_RULES_COUNT, EINVAL);
        break;
    case __NR_keyctl:
        apply_option(call, keyctl_rules, KEYCTL_RULES_COUNT, EOPNOTSUPP);
        break;
    }
}
