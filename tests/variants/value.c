// A library; VALUE is what its release says.
static volatile int kept = VALUE - 1;

int value(void);
int value(void) { return kept + 1; }
