/* Show the number that a function makes of addresses of code and static data. */
#include <stdint.h>
#include <stdio.h>

static int datum;

int main(void);

__attribute__((noipa)) long _Py_HashPointer(const void *pointer) {
    uintptr_t number = (uintptr_t)pointer;
    number = number >> 4 | number << 60;
    return number == UINTPTR_MAX ? -2 : (long)number;
}

int main(void) {
    _Alignas(16) int variable = 0;
    long small = _Py_HashPointer((void *)16), other = _Py_HashPointer((void *)UINTPTR_MAX);
    if (small != 1 || other != -2 || _Py_HashPointer(&variable) != (long)&variable >> 4)
        return 1;
    printf("%lx %lx %lx\n", _Py_HashPointer(&datum), _Py_HashPointer((void *)main),
           _Py_HashPointer(stdout));
    return 0;
}
