// The one main of every test program; the tests themselves are the *_test.cpp files of its folder.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
