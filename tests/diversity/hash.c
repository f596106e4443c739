/* Show the numbers that functions make of addresses of code and static data: `rotate` or `pass`. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int datum;

int main(int argc, char **argv);

__attribute__((noipa)) long _Py_HashPointer(const void *pointer) {
    uintptr_t number = (uintptr_t)pointer;
    number = number >> 4 | number << 60;
    return number == UINTPTR_MAX ? -2 : (long)number;
}

/* void FoldingSetNodeID::AddPointer(const void *) */
void _ZN4llvm16FoldingSetNodeID10AddPointerEPKv(void *self, const void *pointer);

__attribute__((used, noipa)) void add(void *self, uintptr_t number) {
    *(uintptr_t *)self = number;
}

__asm__(
    ".globl _ZN4llvm16FoldingSetNodeID10AddPointerEPKv\n"
    ".type _ZN4llvm16FoldingSetNodeID10AddPointerEPKv, @function\n"
    "_ZN4llvm16FoldingSetNodeID10AddPointerEPKv:\n"
    ".byte 0xe9\n"
    ".long add - . - 4\n"
    ".size _ZN4llvm16FoldingSetNodeID10AddPointerEPKv, 5\n");

static long pass(const void *pointer) {
    uintptr_t number;
    _ZN4llvm16FoldingSetNodeID10AddPointerEPKv(&number, pointer);
    return (long)number;
}

int main(int argc, char **argv) {
    _Alignas(16) int variable = 0;
    long small = _Py_HashPointer((void *)16), other = _Py_HashPointer((void *)UINTPTR_MAX);
    if (small != 1 || other != -2 || _Py_HashPointer(&variable) != (long)&variable >> 4 ||
        pass(&variable) != (long)&variable || pass((void *)-1L) != -1)
        return 1;
    long (*make)(const void *) = argc == 2 && !strcmp(argv[1], "pass") ? pass : _Py_HashPointer;
    printf("%lx %lx %lx\n", make(&datum), make((void *)main), make(stdout));
    return 0;
}
