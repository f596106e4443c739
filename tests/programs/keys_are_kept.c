// Keys of the kernel: added, read, described, found, changed, linked and revoked; a child has its parent's session.
#include "check.h"
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long control(int operation, long a, const void *b, long c, long d) {
    return syscall(SYS_keyctl, operation, a, b, c, d);
}

int main(void) {
    char text[64] = "";
    long session = control(KEYCTL_JOIN_SESSION_KEYRING, 0, NULL, 0, 0);
    if (session == -1) { // a machine or container without keys
        CHECK(errno == ENOSYS || errno == EPERM || errno == EDQUOT);
        return puts("first second") < 0;
    }
    long key = syscall(SYS_add_key, "user", "mvx:test", "first", 5, KEY_SPEC_SESSION_KEYRING);
    CHECK(key > 0 && control(KEYCTL_READ, key, text, sizeof text, 0) == 5);
    CHECK(strcmp(text, "first") == 0);
    CHECK(control(KEYCTL_UPDATE, key, "second", 6, 0) == 0);
    CHECK(control(KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", (long)"mvx:test", 0) == key);
    CHECK(control(KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", (long)"mvx:none", 0) == -1 && errno == ENOKEY);
    CHECK(syscall(SYS_request_key, "user", "mvx:test", NULL, 0) == key);
    char description[64] = "";
    CHECK(control(KEYCTL_DESCRIBE, key, description, sizeof description, 0) > 0 && strstr(description, ";mvx:test"));
    pid_t child = fork();
    if (child == 0) {
        memset(text, 0, sizeof text);
        _exit(control(KEYCTL_READ, key, text, sizeof text, 0) == 6 && strcmp(text, "second") == 0 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    strcpy(text, "as it was");
    CHECK(control(KEYCTL_READ, key, text, 2, 0) == 6 && strcmp(text, "as it was") == 0);
    CHECK_FAILS(syscall(SYS_add_key, "no such type", "x", NULL, 0, KEY_SPEC_SESSION_KEYRING), ENODEV);
    CHECK_FAILS(control(KEYCTL_READ, key, (void *)1, 64, 0), EFAULT);
    CHECK_FAILS(control(1000, 0, NULL, 0, 0), EOPNOTSUPP);
    CHECK(control(KEYCTL_UNLINK, key, (void *)(long)KEY_SPEC_SESSION_KEYRING, 0, 0) == 0);
    CHECK(control(KEYCTL_REVOKE, KEY_SPEC_SESSION_KEYRING, NULL, 0, 0) == 0);
    printf("first %s\n", "second");
}
