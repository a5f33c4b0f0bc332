// The helpers of unit tests that are used here speak to doctest; the program's own main is another one.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
