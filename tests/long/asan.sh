#!/usr/bin/env bash
# The unit tests under the address and undefined-behaviour sanitizers.
# Of the kernels, one and eight environments in float and double: each copy takes the compiler a minute. Optimised a little.
exec .ci/preset asan
