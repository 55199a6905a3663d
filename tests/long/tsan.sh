#!/usr/bin/env bash
# The unit tests under the thread sanitizer.
# Of the kernels, one environment in float and double, and eight in float, as for the address sanitizer.
exec .ci/preset tsan
