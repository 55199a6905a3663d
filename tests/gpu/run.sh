#!/bin/bash
# Checks and measures the CUDA backend on a machine that has a GPU, nvcc, a C++ compiler and CMake, and nothing else. From the root:
#   tests/gpu/run.sh build      configure and build the step library and nuri_gpu_test (build/gpu)
#   tests/gpu/run.sh bits       CPU against CUDA, hash by hash; where they first differ, if they do
#   tests/gpu/run.sh sanitize   compute-sanitizer: memcheck, racecheck, synccheck, initcheck
#   tests/gpu/run.sh bench      steps per second by batch, group and block, with hash, contacts, iterations, scratch, occupancy
#   tests/gpu/run.sh profile    share of each stage
#   tests/gpu/run.sh peers      the same robot in MJX and MuJoCo Warp, if they can be imported
# Every command ends within 8 minutes and prints its table as it goes. 77: skipped, and the last line says why.
set -uo pipefail
cd "$(dirname "$0")/../.."
build=${NURI_GPU_BUILD:-build/gpu}
program=$build/nuri_gpu_test
models=tests/gpu/models
limit=480
PATH=$PATH:/usr/local/cuda/bin

have_gpu() {
    nvidia-smi -L 2>/dev/null | grep -q GPU && return
    printf 'skipped: no GPU\n'
    exit 77
}
need_program() {
    [ -x "$program" ] || { printf 'no %s: run tests/gpu/run.sh build first\n' "$program"; exit 1; }
}

case ${1:-} in
    build)
        command -v nvcc >/dev/null || { printf 'skipped: no nvcc in PATH or /usr/local/cuda/bin\n'; exit 77; }
        architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .)
        generator=()
        command -v ninja >/dev/null && generator=(-G Ninja)
        start=$SECONDS
        cmake "${generator[@]}" -B "$build" -S . -DCMAKE_BUILD_TYPE=Release -DNURI_STEP_ONLY=ON -DNURI_CUDA=ON \
            -DNURI_CUDA_ARCHITECTURES="${NURI_GPU_ARCHITECTURES:-${architecture:-90}-real}" -DNURI_KERNEL_VARIANTS="${NURI_GPU_KERNELS:-float:1;float:8;float:16}" || exit 1
        timeout $limit cmake --build "$build" --target nuri_gpu_test -j "$(nproc)" || exit 1
        printf 'built in %d s\n' $((SECONDS - start))
        ;;
    bits | bench | profile)
        have_gpu
        need_program
        files=("${@:2}")
        [ ${#files[@]} -gt 0 ] || [ "$1" = bits ] || files=($models/humanoid.model)
        timeout $limit "$program" "$1" "${files[@]}"
        ;;
    sanitize)
        have_gpu
        need_program
        command -v compute-sanitizer >/dev/null || { printf 'skipped: no compute-sanitizer\n'; exit 77; }
        result=0
        for tool in memcheck racecheck synccheck initcheck; do
            for model in humanoid hopper mixed; do
                log=$(timeout $((limit / 12)) compute-sanitizer --tool $tool --error-exitcode 9 "$program" short $models/$model.model 2>&1)
                status=$?
                case $status in 0) verdict=clean ;; 9) verdict=ERRORS ;; 124) verdict='out of time' ;; *) verdict="ended with $status" ;; esac
                printf '%-10s %-10s %-12s %s\n' $tool $model "$verdict" "$(tail -n 1 <<<"$log")"
                [ $status = 0 ] || { head -n 40 <<<"$log"; result=1; }
            done
        done
        exit $result
        ;;
    peers)
        have_gpu
        python3 tests/gpu/peers.py "${@:2}"
        ;;
    *)
        sed -n '2,9s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac
