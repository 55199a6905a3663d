#!/usr/bin/env bash
# The unit tests compiled by clang: a second compiler must give the same bits.
exec .ci/preset clang
