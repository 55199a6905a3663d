#!/bin/bash
# Checks and measures the CUDA backend on a machine that has a GPU, nvcc, a C++ compiler and CMake, and nothing else. From the root:
#   tests/gpu/run.sh build      configure and build the step library and nuri_gpu_test (build/gpu)
#   tests/gpu/run.sh bits       CPU against CUDA, hash by hash, every scene and way to launch; where they first differ, if they do
#   tests/gpu/run.sh pictures   what cameras and lidars see, CPU against CUDA, number by number
#   tests/gpu/run.sh learn      ports, random numbers and status on the GPU, CPU against CUDA, number by number; what a step of learning copies
#   tests/gpu/run.sh sanitize   compute-sanitizer: memcheck, racecheck, initcheck, synccheck on short runs
#   tests/gpu/run.sh bench      steps per second with hash, contacts, rows, iterations, bytes, launch; time of a step of one environment
#   tests/gpu/run.sh profile    share of each stage, by clocks and by launches; operations and occupancy, if there is ncu
#   tests/gpu/run.sh peers      the same models in MJX and MuJoCo Warp, if they can be imported
#   tests/gpu/run.sh help       this text
# In that order: each stage needs what the ones before it found good. More arguments go to nuri_gpu_test (cases, options).
# Every stage ends within 8 minutes and prints its table as it goes; the same as tab-separated files lie in ${OUT:-build/gpu/out}.
# Scenes of more than 200 KB (tumbler, bin_pile, three_humanoids) are not in git: run tests/gpu/make_models.sh where `nuri` is built, and copy
# the folder tests/gpu/models/large along; without it they are reported as not run. For peers copy tests/gpu/models/peers along as well
# (`python tests/gpu/peers.py --export`, where MuJoCo is). 77: skipped, and the last line says why.
set -uo pipefail
cd "$(dirname "$0")/../.."
build=${NURI_GPU_BUILD:-build/gpu}
out=${OUT:-build/gpu/out}
program=$build/nuri_gpu_test
limit=470                                # s, of one stage
PATH=$PATH:/usr/local/cuda/bin
mkdir -p "$out"

have_gpu() {
    nvidia-smi -L 2>/dev/null | grep -q GPU && return
    printf 'skipped: no GPU\n'
    exit 77
}
need_program() {
    [ -x "$program" ] || { printf 'no %s: run tests/gpu/run.sh build first\n' "$program"; exit 1; }
}
# SECONDS ARGUMENTS..: the program keeps to its own limit and ends orderly; timeout is for one that hangs.
run_program() {
    local seconds=$1 name=$2
    shift
    timeout $((seconds + 15)) "$program" "$@" --seconds "$seconds" --out "$out" 2>&1 | tee "$out/$name.log"
    local status=${PIPESTATUS[0]}
    [ "$status" != 124 ] || printf '%s: stopped after %d s\n' "$name" $((seconds + 15))
    return "$status"
}

stage=${1:-help}
[ $# = 0 ] || shift
case $stage in
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
    bits)
        have_gpu
        need_program
        run_program $((limit - 20)) bits "$@"
        ;;
    pictures)
        have_gpu
        need_program
        run_program $((limit - 20)) pictures "$@"
        ;;
    learn)
        have_gpu
        need_program
        run_program $((limit - 20)) learn "$@"
        ;;
    bench)
        have_gpu
        need_program
        nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit --format=csv | tee "$out/gpu.csv"
        run_program $((limit - 100)) bench "$@" || exit
        [ $# -gt 0 ] || run_program 60 latency
        ;;
    profile)
        have_gpu
        need_program
        run_program $((limit - 200)) profile "$@" || exit
        if ! command -v ncu >/dev/null; then
            printf 'no ncu: operations and shares of FP32 unknown\n'
        else
            # one launch after the warm-up; the card's clocks are left alone. Operations = 2 ffma + fadd + fmul.
            metrics=smsp__sass_thread_inst_executed_op_ffma_pred_on.sum,smsp__sass_thread_inst_executed_op_fadd_pred_on.sum,smsp__sass_thread_inst_executed_op_fmul_pred_on.sum
            metrics+=,sm__throughput.avg.pct_of_peak_sustained_elapsed,dram__throughput.avg.pct_of_peak_sustained_elapsed,dram__bytes.sum,lts__t_bytes.sum,gpu__time_duration.sum
            metrics+=,sm__warps_active.avg.pct_of_peak_sustained_active,smsp__issue_active.avg.pct_of_peak_sustained_active
            metrics+=,sm__sass_thread_inst_executed_op_fp32_pred_on.avg.pct_of_peak_sustained_elapsed
            # launches go in twos (the second for who ran out of room); 0.5 s of 5 ms and 10 substeps per launch are 20 of them, the first world's reset is 4
            timeout 170 ncu --clock-control none --kernel-name regex:step_kernel --launch-skip 24 --launch-count 1 --metrics "$metrics" \
                "$program" bench humanoid --environments 8192 --warm-up 0.5 --steps 10 2>&1 | tee "$out/ncu.log" | grep -E '(smsp|sm|dram|lts|gpu)__|steps/s|==ERROR'
            awk '/op_ffma/ { f += 2 * clean($NF) } /op_fadd|op_fmul/ { f += clean($NF) }
                 function clean(x) { gsub(/,/, "", x); return x }
                 END { if (f) printf "%.0f floating-point operations per step of an environment (8192 environments, 10 substeps)\n", f / 81920 }' "$out/ncu.log"
        fi
        ;;
    sanitize)
        have_gpu
        need_program
        command -v compute-sanitizer >/dev/null || { printf 'skipped: no compute-sanitizer\n'; exit 77; }
        result=0
        cases=("$@")
        [ ${#cases[@]} -gt 0 ] || cases=(hopper mixed boxes fleet)
        printf 'tool\tcase\tverdict\tlast line\n' >"$out/sanitize.tsv"
        start=$SECONDS
        for tool in memcheck racecheck initcheck synccheck; do
            for case in "${cases[@]}"; do
                left=$((limit - SECONDS + start))
                [ $left -gt 10 ] || { printf '%-10s %-10s not run: out of time\n' $tool "$case"; result=1; continue; }
                log=$out/sanitize.$tool.${case##*/}.log
                timeout $((left < 60 ? left : 60)) compute-sanitizer --tool $tool --error-exitcode 9 "$program" short "$case" >"$log" 2>&1
                status=$?
                case $status in 0) verdict=clean ;; 9) verdict=ERRORS ;; 124) verdict='out of time' ;; *) verdict="ended with $status" ;; esac
                printf '%-10s %-10s %-12s %s\n' $tool "$case" "$verdict" "$(tail -n 1 "$log")"
                printf '%s\t%s\t%s\t%s\n' $tool "$case" "$verdict" "$(tail -n 1 "$log")" >>"$out/sanitize.tsv"
                [ $status = 0 ] || { head -n 40 "$log"; result=1; }
            done
        done
        cat "$out"/sanitize.*.log >"$out/sanitize.log"
        rm -f "$out"/sanitize.*.*.log
        exit $result
        ;;
    peers)
        have_gpu
        timeout $limit python3 tests/gpu/peers.py --seconds $((limit - 20)) "$@" 2>&1 | tee "$out/peers.log"
        exit "${PIPESTATUS[0]}"
        ;;
    *)
        awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
        [ "$stage" = help ] || exit 2
        ;;
esac
