#!/bin/bash
# Compiles the models that tests/gpu steps: a machine with a GPU may have nothing but a compiler, and bit guarantees start at the .model file.
# What is larger than 200 KB goes to tests/gpu/models/large, which git does not keep: make it here and copy this folder along.
# usage: tests/gpu/make_models.sh [nuri program]; from the root, again whenever engine/model/model_fields.inl or a scene changes
set -euo pipefail
cd "$(dirname "$0")/../.."
nuri=${1:-build/release/nuri}
out=tests/gpu/models
mkdir -p $out/large
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compile() { # SOURCE TARGET
    "$nuri" compile --quiet --no-look --root assets "$1" -o "$2"
}
compile assets/robots/humanoid.xml $out/humanoid.model
for name in hopper mixed; do compile $out/$name.xml $out/$name.model; done
for name in quadruped arm_cell conveyor boxes; do compile scenes/$name.yaml $out/$name.model; done
# a model per robot; the four-legged one is that of scenes/quadruped.yaml
compile scenes/fleet.yaml "$folder/fleet.model"
for name in arm7 amr humanoid; do mv "$folder/fleet.$name.model" $out/fleet_$name.model; done
for name in fair lamps; do "$nuri" compile --quiet tests/render/trace/scenes/$name.xml -o $out/$name.model; done   # with their looks, for pictures
cmp "$folder/fleet.quadruped.model" $out/quadruped.model
for name in bin_pile tumbler; do compile scenes/$name.yaml $out/large/$name.model; done
compile tests/gpu/scenes/three_humanoids.xml $out/large/three_humanoids.model
ls -l $out/*.model $out/large/*.model
