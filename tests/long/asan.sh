#!/usr/bin/env bash
# The unit tests under the address and undefined-behaviour sanitizers.
# Of the kernels, one environment in float and double, and eight in float: each copy takes the compiler a minute. Optimised a little.
exec .ci/preset asan
