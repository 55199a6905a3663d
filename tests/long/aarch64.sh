#!/usr/bin/env bash
# The unit tests of the step library on 64-bit Arm, run by an emulator: another processor must give the same bits.
exec .ci/preset aarch64
