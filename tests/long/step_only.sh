#!/usr/bin/env bash
# The step library builds with a C++ compiler alone (and nvcc where there is one).
exec .ci/preset step
