#!/usr/bin/env bash
# The unit tests under the address and undefined-behaviour sanitizers.
exec .ci/preset asan
