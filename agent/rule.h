/*
 * The rule of a system call, as the agent reads it.
 *
 * The table is generated from src/mvx/specification/ into agent/generated/rules.h by `python -m
 * mvx.generate`; the numbers of the enumerations below are generated too
 * (agent/generated/vocabulary.h), so that Python and C cannot disagree.
 */
#ifndef MVX_RULE_H
#define MVX_RULE_H

#include <stdint.h>

#include "generated/vocabulary.h"

enum { ARGUMENTS_MAX = 6 };

/* One argument: what it is, which way its bytes travel, where its length is found. */
struct argument_rule {
    uint8_t kind;      /* enum kind */
    uint8_t direction; /* enum direction */
    uint8_t length;    /* enum length */
    uint8_t operand;   /* index of the argument that `length` speaks of */
    uint16_t size;     /* bytes of one element (LENGTH_FIXED: of the whole) */
    uint16_t layout;   /* index into layouts[] of the bytes to compare, 0: all of them */
    uint32_t most;     /* where the operand is more the kernel looks at nothing; 0: no bound */
};

/* Whether the kernel refuses the call for the value of the operand, and looks at no byte. */
static inline int rule_is_beyond(const struct argument_rule *rule, uint64_t operand) {
    return rule->length == LENGTH_EXACT ? operand != rule->most
                                        : rule->most && operand > rule->most;
}

struct call_rule {
    uint16_t flags;   /* enum call_flag */
    uint8_t executor; /* enum executor */
    uint8_t handler;  /* enum handler: 0 for a regular call */
    uint8_t result;   /* enum result_kind */
    uint8_t count;    /* number of arguments */
    uint8_t refusal;  /* EXECUTOR_REFUSED: the errno given */
    uint8_t cloexec; /* RESULT_DESCRIPTOR: index of the argument with the close-on-exec flag + 1, 0:
                        none */
    uint8_t elastic; /* a query that variants may make more or less often (see elastic.c) */
    uint8_t blocks;  /* may wait for somebody: a thread gives its turn up (see turns.c) */
    uint8_t loading; /* each variant's own while variants load different programs */
    uint8_t told;    /* EXECUTOR_REFUSED: the supervisor tells the user */
    uint32_t cloexec_flag; /* the flag in that argument */
    struct argument_rule arguments[ARGUMENTS_MAX];
};

/* The compared bytes of a structure: a list of fields, ended by one of size 0. Bytes in no field
 * are not compared. */
struct layout_field {
    uint16_t offset;
    uint8_t size;
    uint8_t address; /* 1: compare only whether it is NULL (or the small constants 0 and 1) */
};

#endif
