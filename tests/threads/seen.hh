// What the C++ programs of this folder have in common; see seen.h.
#include "seen.h"
#include <string>
#include <thread>
#include <vector>
