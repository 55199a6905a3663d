#!/usr/bin/env bash
# The editor as a person meets it: a window on a display of its own, driven with mouse and keys. What it did it says itself (--say, a line per
# event); what it looks like is checked on pictures of the screen. NURI_PROGRAM is the program nuri; nuri-editor lies beside it. Runs from the
# repository root. Status 77: something that it takes is not installed.
set -uo pipefail
editor=$(dirname "${NURI_PROGRAM:?the path of the program nuri}")/nuri-editor
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
server='' window_process=''
finish() {
    [ -n "$window_process" ] && kill "$window_process" 2>/dev/null
    [ -n "$server" ] && kill "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$folder"
}
trap finish EXIT
problems=0
fail() {
    printf 'FAILED %s\n' "$*"
    ((++problems))
}

# without a display: a sentence and status 1
(unset DISPLAY WAYLAND_DISPLAY; timeout 60 "$editor" scenes/humanoid.yaml >"$folder/out" 2>"$folder/err" </dev/null)
[ $? -eq 1 ] || fail 'no display: not status 1'
grep -q 'no display' "$folder/err" || fail "no display: not said: $(head -n 2 "$folder/err")"
timeout 60 "$editor" --help >"$folder/out" 2>&1 </dev/null || fail 'help'
grep -q -- '--screenshot' "$folder/out" || fail 'help does not tell of screenshots'
timeout 60 "$editor" --size huge >"$folder/out" 2>"$folder/err" </dev/null
[ $? -eq 2 ] || fail 'a bad size: not status 2'

# a display of its own: the server chooses a free number and writes it
mkfifo "$folder/number"
Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp >/dev/null 2>&1 3>"$folder/number" &
server=$!
read -r -t 20 number <"$folder/number" || skip 'Xvfb does not start'
export DISPLAY=:$number

# start ARGUMENT...: the editor, its lines in $folder/said; waits for its window
start() {
    : >"$folder/said"
    "$editor" --say --size 1280x800 "$@" >"$folder/said" 2>"$folder/err" </dev/null &
    window_process=$!
    for _ in $(seq 300); do
        window=$(xdotool search --onlyvisible --pid $window_process 2>/dev/null | head -n 1)
        [ -z "$window" ] && window=$(xdotool search --onlyvisible --name 'Nuri' 2>/dev/null | head -n 1)
        [ -n "$window" ] && grep -q '^ready' "$folder/said" && return 0
        kill -0 $window_process 2>/dev/null || break
        sleep 0.2
    done
    fail "no window: $(head -n 3 "$folder/err")"
    printf '%d problems\n' $problems
    exit 1
}
# expect LINE [SECONDS]: the editor has said it, or says it soon (a regular expression of a whole line)
expect() {
    for _ in $(seq $((${2:-20} * 5))); do
        grep -qE "^$1\$" "$folder/said" && return 0
        sleep 0.2
    done
    fail "not said: $1; last: $(tail -n 3 "$folder/said" | tr '\n' '|')"
}
count() { grep -cE "^$1\$" "$folder/said"; }
place() { grep "^place $1 " "$folder/said" | tail -n 1 | cut -d ' ' -f 3-; }   # x y width height
# a software driver on a busy machine takes a good part of a second for a frame, and what a click and a key mean depends on their order
move() { xdotool mousemove --window "$window" "$1" "$2" && sleep 0.5; }
click() { move "$1" "$2" && xdotool click "${3:-1}" && sleep 1; }
key() { xdotool key --clearmodifiers "$1" && sleep 1; }
# close: asks for the end, and waits for it
close() {
    key ctrl+q
    expect closed
    for _ in $(seq 50); do kill -0 $window_process 2>/dev/null || break; sleep 0.2; done
    wait $window_process || fail "its status was $?: $(head -n 3 "$folder/err")"
    window_process=''
}
# colours FILE: how many colours the picture has
colours() { convert "$1" -depth 8 -unique-colors -format '%w' info:; }

# open, look
start scenes/humanoid.yaml --envs 4 --validate
expect 'opened scenes/humanoid.yaml'
expect 'resized 1280x800'
sleep 1
import -window root -crop 1280x800+0+0 +repage "$folder/first.png"
[ "$(colours "$folder/first.png")" -gt 500 ] || fail "the window is empty: $(colours "$folder/first.png") colours"
read -r x y width height <<<"$(place viewport)"
convert "$folder/first.png" -crop "${width}x${height}+$x+$y" +repage "$folder/view.png"
[ "$(colours "$folder/view.png")" -gt 200 ] || fail "the picture is empty: $(colours "$folder/view.png") colours"

# time: pause, step, back again, exactly
key space
expect 'paused at .*'
key Right
expect 'stepped to .*'
time=$(sed -n 's/^stepped to //p' "$folder/said" | tail -n 1)
key Right
key Left
expect "stepped back to $time"

# a name typed into the search field, chosen by a click
read -r x y width height <<<"$(place outliner)"
click $((x + width / 2)) $((y + 20))
xdotool type --delay 60 'pelvis'
expect 'search pelvis'
click $((x + width / 2)) $((y + 50))
expect 'selected pelvis'
for _ in 1 2 3; do   # a click and two keys within one slow frame lose their order: then once more
    click $((x + width / 2)) $((y + 20))
    key ctrl+a
    key BackSpace
    grep -q '^search $' "$folder/said" && break
done
expect 'search '

# what lies under a double click: the chests are the only things of their colour, a dark green blue
read -r x y width height <<<"$(place viewport)"
import -window root -crop "${width}x${height}+$x+$y" +repage "$folder/view.png"
convert "$folder/view.png" -depth 8 rgb:- | od -An -v -w3 -tu1 |
    awk -v w="$width" '$1 < 80 && $2 > $1 + 50 && $3 > $1 + 50 { print (NR - 1) % w, int((NR - 1) / w) }' >"$folder/chests"
read -r dx dy <<<"$(sed -n "$(($(wc -l <"$folder/chests") / 2 + 1))p" "$folder/chests")"
if [ -n "$dx" ]; then
    move $((x + dx)) $((y + dy))
    xdotool click --repeat 2 --delay 60 1
    expect 'selected (chest|abdomen|upper_arm_.*|head)'
else
    fail 'there is no chest in the picture'
fi
selected=$(count 'selected .*')
key Prior
sleep 3
[ "$(count 'selected .*')" -gt "$selected" ] || fail 'the parent is not selected'

# orbit
move $((x + width / 2)) $((y + height - 60))
xdotool mousedown 1 && sleep 1
for step in 20 40 60 80; do xdotool mousemove --window "$window" $((x + width / 2 + step)) $((y + height - 60)) && sleep 0.6; done
xdotool mouseup 1
expect 'orbited .*'
import -window root -crop 1280x800+0+0 +repage "$folder/second.png"
compare -metric AE "$folder/first.png" "$folder/second.png" null: 2>"$folder/differing"
[ "$(cut -d ' ' -f 1 "$folder/differing" | cut -d . -f 1)" != 0 ] || fail 'the picture stays the same when the camera moves'

# a change, undone and done again
key BackSpace
expect reset
key ctrl+z
expect 'undone .*'
key ctrl+shift+z
expect 'redone .*'

# another size: everything keeps its place within the window
xdotool windowsize "$window" 1500 900
expect 'resized 1500x900'
sleep 3
for panel in top viewport timeline outliner inspector tabs; do
    read -r px py pw ph <<<"$(place $panel)"
    if [ "$px" -lt 0 ] || [ "$py" -lt 0 ] || [ $((px + pw)) -gt 1500 ] || [ $((py + ph)) -gt 900 ]; then fail "panel $panel is cut: $px $py $pw $ph"; fi
done
import -window root "$folder/third.png"
[ "$(convert "$folder/third.png" -crop 100x700+1390+100 +repage -depth 8 -unique-colors -format '%w' info:)" -gt 3 ] || fail 'nothing is drawn where the window grew'

# panels come and go
key Tab
key shift+Tab
sleep 0.5
read -r x y width height <<<"$(place viewport)"
[ "$width" -gt 1400 ] || fail "the picture does not take the room of hidden panels: $width"
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"

# a scene that cannot be read: the window opens and says why
printf 'models:\n  - file: nothing.xml\n' >"$folder/bad.yaml"
start "$folder/bad.yaml"
expect 'failed .*'
[ "$(count 'opened .*')" -eq 0 ] || fail 'a bad scene was opened'
# mended while the editor looks on, it can be opened by its path
xdotool windowfocus "$window" 2>/dev/null
key ctrl+o
sleep 0.5
xdotool type --delay 40 "$PWD/scenes/boxes.yaml"
key Return
expect "opened $PWD/scenes/boxes.yaml" 60
grep -qx "$PWD/scenes/boxes.yaml" "$XDG_CONFIG_HOME/nuri/recent" || fail 'the recent file is not remembered'
kill -TERM $window_process
expect closed
wait $window_process || fail 'SIGTERM is no clean end'
window_process=''

# a picture of the whole window from the program itself, in light colours
timeout 120 "$editor" scenes/humanoid.yaml --envs 4 --light --size 1000x700 --screenshot "$folder/own.png" --after 1 >/dev/null 2>"$folder/err" </dev/null || fail "screenshot: $(head -n 3 "$folder/err")"
[ "$(identify -format '%wx%h' "$folder/own.png" 2>/dev/null)" = 1000x700 ] || fail 'the screenshot has another size'
[ "$(colours "$folder/own.png")" -gt 500 ] || fail 'the screenshot is empty'

printf '%d problems\n' $problems
[ $problems -eq 0 ]
