#!/usr/bin/env bash
# libFuzzer on every reader, most of a minute each; what it finds worth keeping is where the next run begins.
exec .ci/fuzz --keep 45
