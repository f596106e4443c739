// A 32-bit program runs, or its exec alone fails with ENOEXEC: the caller goes on.
#include <elf.h>

#include "check.h"

enum { ADDRESS = 0x400000, STATUS = 7 };

static void write_program(void) {
    struct {
        Elf32_Ehdr header;
        Elf32_Phdr segment;
        unsigned char code[12];
    } file = {
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_386,
                   .e_version = EV_CURRENT,
                   .e_entry = ADDRESS + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
                   .e_phoff = sizeof(Elf32_Ehdr),
                   .e_ehsize = sizeof(Elf32_Ehdr),
                   .e_phentsize = sizeof(Elf32_Phdr),
                   .e_phnum = 1},
        .segment = {.p_type = PT_LOAD,
                    .p_vaddr = ADDRESS,
                    .p_filesz = sizeof file,
                    .p_memsz = sizeof file,
                    .p_flags = PF_R | PF_X,
                    .p_align = 0x1000},
        .code = {0x31, 0xc0, 0x40, 0xbb, STATUS, 0, 0, 0, 0xcd, 0x80}, // exit(STATUS)
    };
    int fd = open("program", O_CREAT | O_WRONLY, 0700);
    CHECK(write(fd, &file, sizeof file) == sizeof file && close(fd) == 0);
    fd = open("script", O_CREAT | O_WRONLY, 0700);
    CHECK(write(fd, "#!./program\n", 12) == 12 && close(fd) == 0);
}

static int child(const char *path, int by_descriptor) {
    char *arguments[] = {"name", NULL}, *environment[] = {NULL};
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (by_descriptor) {
            fexecve(open(path, O_RDONLY | O_CLOEXEC), arguments, environment);
        }
        execve(path, arguments, environment);
        _exit(errno == ENOEXEC ? STATUS : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(void) {
    write_program();
    CHECK(child("program", 0) == STATUS);
    CHECK(child("./program", 1) == STATUS);
    CHECK(child("script", 0) == STATUS);
    puts("ok");
}
