# shellcheck shell=bash
# Shared by ./run, ./test and .ci/preset, which source it from the repository root: packages, configure, build. All it says
# goes to standard error; standard output belongs to the program.

packages=(build-essential g++ cmake ninja-build ccache pkg-config libeigen3-dev libpugixml-dev libyaml-cpp-dev
    nlohmann-json3-dev libfmt-dev libcli11-dev libassimp-dev libbullet-dev libpng-dev doctest-dev python3-dev python3-venv git
    libvulkan-dev glslc mesa-vulkan-drivers libglfw3-dev libimgui-dev fonts-dejavu-core
    libopenh264-dev libhdf5-dev)
preset=release
build=build/$preset
strict=no # yes: a build directory that tolerates warnings is configured again

say() { printf '%s\n' "$*" >&2; }

# ensure_packages yes|no [MORE...]: installs what dpkg does not know, or with `no` names it and leaves. A stamp for each
# list remembers that everything was there.
ensure_packages() {
    local may_install=$1 list=("${packages[@]}" "${@:2}") missing=() root=() stamp name
    stamp=build/.packages-$(printf '%s\n' "${list[@]}" | cksum | cut -d' ' -f1)
    [ ! -e "$stamp" ] || return 0
    if ! command -v dpkg-query >/dev/null; then
        say "This is not a Debian system. Needed, by Debian's names: ${list[*]}"
        return 0
    fi
    for name in "${list[@]}"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        [ "$(id -u)" = 0 ] || root=(sudo)
        say "Missing packages: ${missing[*]}"
        if [ "$may_install" = no ]; then
            say "Install them: ${root[*]}${root:+ }apt-get install -y --no-install-recommends ${missing[*]}"
            exit 2
        fi
        root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q)
        "${root[@]}" update </dev/null >&2 || say "The package lists could not be refreshed."
        if ! "${root[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >&2; then
            say "Could not install: ${missing[*]}"
            exit 2
        fi
        rm -f build/*/build.ninja # configured again: optional parts may have come
    fi
    mkdir -p build && touch "$stamp"
}

# first_working NAME: the program in PATH, or Debian's where that one does not run or (cmake) is too old.
first_working() {
    local candidate version
    for candidate in "$(command -v "$1")" "/usr/bin/$1"; do
        version=$("$candidate" --version 2>/dev/null | grep -oEm1 '[0-9]+\.[0-9]+') || continue
        [ "$1" != cmake ] || printf '3.25\n%s\n' "$version" | sort -CV || continue
        printf '%s\n' "$candidate"
        return 0
    done
    say "No working $1 found."
    exit 2
}

# Compilations at once: a kernel takes up to 2 GB.
job_count() {
    local by_memory processors
    processors=$(nproc)
    by_memory=$(awk '/^MemAvailable/ { print int($2 / 2097152) }' /proc/meminfo)
    [ "$by_memory" -ge 1 ] || by_memory=1
    printf '%s\n' $((by_memory < processors ? by_memory : processors))
}

# build_targets TARGET...: configures if that was not done, builds what is out of date. One at a time per checkout.
build_targets() (
    mkdir -p build
    exec 9>build/.lock
    flock 9
    if [ ! -e "$build/build.ninja" ] || { [ "$strict" = yes ] && ! grep -q '^NURI_WERROR:[A-Z]*=ON' "$build/CMakeCache.txt"; }; then
        cmake=$(first_working cmake) ninja=$(first_working ninja) || exit
        say "Configuring $build"
        "$cmake" --preset "$preset" -DCMAKE_MAKE_PROGRAM="$ninja" </dev/null >&2 || exit
    fi
    ninja=$(sed -n 's/^CMAKE_MAKE_PROGRAM:[A-Z]*=//p' "$build/CMakeCache.txt")
    set -o pipefail
    "$ninja" -C "$build" -j "$(job_count)" "$@" </dev/null 2>&1 |
        sed -uE '/no work to do|Entering directory|Re-checking globbed/d' >&2
)
