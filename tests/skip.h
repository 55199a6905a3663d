// A test that cannot run here must say so and must not count as passed. doctest decides on skips before a test starts, so a
// test that finds out later prints one line, `[skipped] name: reason`, which ./test moves from passed to skipped.
#pragma once
#include <doctest/doctest.h>
#include <cstdio>

#define NURI_SKIP(reason)                                                                         \
  do {                                                                                            \
    std::printf("[skipped] %s: %s\n", doctest::getContextOptions()->currentTest->m_name, reason); \
    return;                                                                                       \
  } while (false)
