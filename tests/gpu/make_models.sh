#!/bin/bash
# Compiles the models that tests/gpu steps: a machine with a GPU may have nothing but a compiler, and bit guarantees start at the .model file.
# usage: tests/gpu/make_models.sh [nuri program]; run from the root, again whenever engine/model/model_fields.inl changes
set -euo pipefail
nuri=${1:-build/release/nuri}
out=tests/gpu/models
"$nuri" compile assets/robots/humanoid.xml -o $out/humanoid.model
for name in hopper mixed; do
    "$nuri" compile $out/$name.xml -o $out/$name.model
done
ls -l $out/*.model
