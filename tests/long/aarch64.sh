#!/usr/bin/env bash
# The unit tests of the step library on 64-bit Arm, run by an emulator: another processor must give the same bits, in elementary
# functions, lanes, and whole steps of compiled models (tests/golden/models.txt). The widest packs are left out: they take the compiler
# five minutes, and packs of eight floats are already made of halves.
exec .ci/preset aarch64
