#!/usr/bin/env bash
# The unit tests under the thread sanitizer.
exec .ci/preset tsan
