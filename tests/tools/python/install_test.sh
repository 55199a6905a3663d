#!/usr/bin/env bash
# The package as others install it: a wheel, a clean environment with NumPy alone, an import that takes less than a second, the five lines of the manual.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 2
fail() { printf '%s\n' "$*"; exit 1; }
skip() { printf '%s\n' "$*"; exit 77; }

maker=$PWD/build/venv/bin/python
[ -x "$maker" ] || maker=${NURI_PYTHON_MAKER:-}
"$maker" -c 'import nanobind, scikit_build_core' 2>/dev/null || skip 'no environment with nanobind and scikit-build-core'
# shellcheck source=.ci/build.sh
. .ci/build.sh
PATH=$(dirname "$(first_working cmake)"):$(dirname "$(first_working ninja)"):$PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# the wheel; libraries and kernels come from ccache where the release build made them with the same flags, which those of CUDA would not
CMAKE_BUILD_PARALLEL_LEVEL=$(job_count) "$maker" -m pip wheel -q --no-build-isolation --no-deps --disable-pip-version-check \
    --config-settings=cmake.define.NURI_CUDA=OFF --config-settings=cmake.define.NURI_WERROR=ON -w "$folder" . || fail 'no wheel'
wheel=$(echo "$folder"/nuri-*.whl)
"$maker" - "$wheel" <<'P' || fail 'the wheel is not what it should be'
import sys, zipfile
names = zipfile.ZipFile(sys.argv[1]).namelist()
top = {n.split("/")[0] for n in names}
assert any(n.startswith("nuri/_nuri.") and n.endswith(".so") for n in names), names
for needed in ("nuri/__init__.py", "nuri/_nuri.pyi", "nuri/py.typed", "nuri/content/scenes/arm_cell.yaml", "nuri/content/assets/robots/arm7/arm7.xml"):
    assert needed in names, needed
assert all(t == "nuri" or t.endswith(".dist-info") for t in top), top
assert not any("__pycache__" in n or n.endswith((".a", ".h", ".cpp")) for n in names)
P

python3=/usr/bin/python3
[ -x $python3 ] || python3=python3
"$python3" -m venv "$folder/clean" && "$folder/clean/bin/python" -m pip install -q --disable-pip-version-check "$wheel" || fail 'pip install'
cd "$folder" || exit 2
unset PYTHONPATH
clean/bin/python - <<'P' || fail 'the installed package does not work'
import importlib.metadata as about
assert {d.metadata["Name"].lower() for d in about.distributions()} <= {"nuri", "numpy", "pip", "setuptools"}, "NumPy is the only dependency"
import nuri
world = nuri.World(nuri.load(nuri.scenes.path("arm_cell.yaml")), envs=32)
for _ in range(10):
    world.step()
assert world.state.qpos.shape == (32, world.model.qpos_count) and (world.status.steps == 50).all()
world.reset(world.status.fault == 0)
print(world, world.hash())
P

# twice: the first import compiles the files
clean/bin/python -c 'import nuri' && clean/bin/python - <<'P' || fail 'the import takes too long'
import sys, time
start = time.perf_counter()
import numpy
between = time.perf_counter()
import nuri
end = time.perf_counter()
print(f"import numpy {between - start:.3f} s, nuri {end - between:.3f} s")
assert end - start < 1.0 or end - between < 0.3
assert not {"torch", "gymnasium", "matplotlib"} & set(sys.modules)
P
