# A desktop for tests that drive the editor as a person does: an X server of its own (Xvfb), mouse and keys (xdotool), and what the editor says
# (--say). To be sourced; the sourcing script runs from the repository root with NURI_PROGRAM, the path of the program nuri, beside which
# nuri-editor lies. Nothing waits for a fixed time: after every click, key and drag the editor says `settled` when all that follows from it has
# been drawn, and `expect` waits for a line. NURI_PATIENCE multiplies all waiting, for machines slower still than a software driver on two cores.
set -uo pipefail
editor=$(dirname "${NURI_PROGRAM:?the path of the program nuri}")/nuri-editor
patience=${NURI_PATIENCE:-1}
skip() {
    printf 'skipped: %s\n' "$1"
    exit 77
}
[ -x "$editor" ] || skip 'nuri-editor was not built: Vulkan, glslc, GLFW or Dear ImGui are missing'
for program in Xvfb xdotool import convert identify; do
    command -v $program >/dev/null || skip "$program is not installed"
done
software=$(printf '%s\n' /usr/share/vulkan/icd.d/lvp_icd*.json | head -n 1)
[ -r "$software" ] || skip 'there is no software Vulkan driver (mesa-vulkan-drivers)'
export VK_ICD_FILENAMES=$software

folder=$(mktemp -d)
export XDG_CONFIG_HOME=$folder/config
said=$folder/said
server='' window_process='' window=''
problems=0
finish() {
    [ -n "$window_process" ] && kill "$window_process" 2>/dev/null
    [ -n "$server" ] && kill "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$folder"
}
trap finish EXIT
fail() {
    printf 'FAILED line %s: %s\n' "$(caller_line)" "$*"
    ((++problems))
}
caller_line() { # of the script that was run
    local depth
    for ((depth = 1; depth < ${#BASH_SOURCE[@]}; ++depth)); do
        [ "${BASH_SOURCE[depth]}" = "$0" ] && printf '%s' "${BASH_LINENO[depth - 1]}" && return
    done
}
result() {
    printf '%d problems\n' $problems
    [ $problems -eq 0 ]
}
# soon SECONDS COMMAND...: until the command succeeds; its status
soon() {
    local end=$(($(date +%s%N) / 1000000 + $1 * 1000 * patience))
    shift
    until "$@"; do
        [ $(($(date +%s%N) / 1000000)) -lt $end ] || return 1
        sleep 0.05
    done
}

# The server chooses a free number and writes it. Without -noreset it begins anew when its last client leaves, and turns away who comes then.
open_display() {
    local number try
    mkfifo "$folder/number"
    for try in 1 2 3; do
        Xvfb -displayfd 3 -screen 0 "${1:-1600x1000}x24" -nolisten tcp -noreset >/dev/null 2>&1 3>"$folder/number" &
        server=$!
        read -r -t 20 number <"$folder/number" || continue
        export DISPLAY=:$number
        soon 5 xdotool getdisplaygeometry >/dev/null 2>&1 && return 0
        kill $server 2>/dev/null
        wait $server 2>/dev/null
    done
    server=''
    skip 'Xvfb does not start'
}
has_window() {
    window=$(xdotool search --onlyvisible --pid $window_process 2>/dev/null | head -n 1)
    [ -n "$window" ] || window=$(xdotool search --onlyvisible --name 'Nuri' 2>/dev/null | head -n 1)
    [ -n "$window" ] && grep -q '^ready' "$said" && return 0
    ! kill -0 $window_process 2>/dev/null
}
# start SIZE ARGUMENT...: the editor; waits for its window
start() {
    : >"$said"
    from=0
    "$editor" --say --size "$@" >"$said" 2>"$folder/err" </dev/null &
    window_process=$!
    soon 60 has_window && [ -n "$window" ] && kill -0 $window_process 2>/dev/null && return 0
    fail "no window: $(head -n 3 "$folder/err")"
    result
    exit 1
}
ends() { ! kill -0 $window_process 2>/dev/null; }
# close: asks for the end, and waits for it
close() {
    xdotool key ctrl+q
    expect closed
    soon 10 ends
    wait $window_process || fail "its status was $?: $(head -n 3 "$folder/err")"
    window_process=''
}

# ---- what the editor has said. Lines since the last thing that was done to it, or since it began
lately() { tail -n +$((from + 1)) "$said"; }
has_said() { lately | grep -qE "^$1\$"; }
# expect LINE [SECONDS]: it says this line, a regular expression
expect() {
    soon "${2:-20}" has_said "$1" && return 0
    fail "not said: $1; last: $(grep -vE '^(item|gone|settled)' "$said" | tail -n 3 | tr '\n' '|')"
    return 1
}
count() { grep -cE "^$1\$" "$said"; }
word_after() { lately | sed -nE "s|^$1 (.*)|\\1|p" | tail -n 1; } # of the last line that begins so
place() { grep "^place $1 " "$said" | tail -n 1 | cut -d ' ' -f 3-; }   # x y width height of a panel
item() { # x y width height of an item that is in sight; status 1 if it is not
    awk -v name="$1" '{ rest = $0 }
        $1 == "item" { sub(/^item [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", rest); if (rest == name) at = $2 " " $3 " " $4 " " $5 }
        $1 == "gone" && substr($0, 6) == name { at = "" }
        END { if (at == "") exit 1; print at }' "$said"
}
state() { grep '^state ' "$said" | tail -n 1; } # hashes of the scene's text and of the world, while time stands still

# ---- what a person does
settled() { has_said settled; }
act() {
    from=$(wc -l <"$said")
    "$@"
    soon 5 settled || true # nothing may come of it: a mouse that is there already
}
move() { act xdotool mousemove --window "$window" "$1" "$2"; }
click() { move "$1" "$2" && act xdotool click "${3:-1}"; }
double_click() { move "$1" "$2" && act xdotool click --repeat 2 --delay 60 1; }
key() { act xdotool key "$1"; }
write() { act xdotool type --delay 40 -- "$1"; }
# hold X Y TO_X TO_Y [BUTTON]: pressed, moved there in steps and not let go; let_go [BUTTON]
hold() {
    local step button=${5:-1}
    move "$1" "$2"
    act xdotool mousedown "$button"
    for step in 1 2 3; do move $(($1 + ($3 - $1) * step / 3)) $(($2 + ($4 - $2) * step / 3)); done
}
let_go() { act xdotool mouseup "${1:-1}"; }
drag() { hold "$@" && let_go "${5:-1}"; }
# the same with items: find NAME waits for it and sets X and Y to its middle
has_item() { item "$1" >/dev/null; }
find() {
    soon 10 has_item "$1" || { fail "there is no '$1' in sight"; return 1; }
    read -r X Y <<<"$(item "$1" | awk '{ print int($1 + $3 / 2), int($2 + $4 / 2) }')"
}
click_item() { find "$1" && click $X $Y "${2:-1}"; }
double_click_item() { find "$1" && double_click $X $Y; }
# hold_item NAME OTHER: pressed on the one and moved to the other; drag_item lets it go there
hold_item() {
    local x y
    find "$1" && x=$X y=$Y && find "$2" && hold $x $y $X $Y
}
drag_item() { hold_item "$@" && let_go; }

# ---- pictures: of the whole screen, or of a part: WIDTHxHEIGHT+X+Y
picture() { import -window root ${2:+-crop "$2" +repage} "$1"; }
colours() { convert "$1" -depth 8 -unique-colors -format '%w' info:; }
