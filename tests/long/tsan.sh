#!/usr/bin/env bash
# The unit tests under the thread sanitizer.
# Of the kernels, one and eight environments in float and double, as for the address sanitizer.
exec .ci/preset tsan
