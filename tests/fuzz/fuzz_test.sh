#!/usr/bin/env bash
# libFuzzer on every reader, a few seconds each; tests/long/fuzz.sh takes longer.
exec .ci/fuzz 10
