// Writes the address of static data to standard output, alone.
#include <unistd.h>

static int place;

int main(void) {
    void *address = &place;
    return write(1, &address, sizeof address) != sizeof address;
}
