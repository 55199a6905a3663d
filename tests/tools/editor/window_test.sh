#!/usr/bin/env bash
# The editor as a person meets it: opened, played, stepped back, searched, selected, turned, resized, closed. What it did it says itself (--say);
# what it looks like is checked on pictures of the screen. Changes are in edit_test.sh, files in files_test.sh. Status 77: something that it
# takes is not installed (see desktop.sh).
. "$(dirname "$0")/desktop.sh"

# without a display: a sentence and status 1
(unset DISPLAY WAYLAND_DISPLAY; timeout 60 "$editor" scenes/humanoid.yaml >"$folder/out" 2>"$folder/err" </dev/null)
[ $? -eq 1 ] || fail 'no display: not status 1'
grep -q 'no display' "$folder/err" || fail "no display: not said: $(head -n 2 "$folder/err")"
timeout 60 "$editor" --help >"$folder/out" 2>&1 </dev/null || fail 'help'
grep -q -- '--screenshot' "$folder/out" || fail 'help does not tell of screenshots'
timeout 60 "$editor" --size huge >"$folder/out" 2>"$folder/err" </dev/null
[ $? -eq 2 ] || fail 'a bad size: not status 2'

open_display 1600x1000

# open, look
start 1280x800 scenes/humanoid.yaml --envs 4 --validate
expect 'opened scenes/humanoid.yaml'
expect 'resized 1280x800'
picture "$folder/first.png" 1280x800+0+0
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
write pelvis
expect 'search pelvis'
click $((x + width / 2)) $((y + 50))
expect 'selected pelvis'
click $((x + width / 2)) $((y + 20))
key ctrl+a
key BackSpace
expect 'search '

# what lies under a double click: the chests are the only things of their colour, a dark green blue
read -r x y width height <<<"$(place viewport)"
picture "$folder/view.png" "${width}x${height}+$x+$y"
convert "$folder/view.png" -depth 8 rgb:- | od -An -v -w3 -tu1 |
    awk -v w="$width" '$1 < 80 && $2 > $1 + 50 && $3 > $1 + 50 { print (NR - 1) % w, int((NR - 1) / w) }' >"$folder/chests"
read -r dx dy <<<"$(sed -n "$(($(wc -l <"$folder/chests") / 2 + 1))p" "$folder/chests")"
if [ -n "$dx" ]; then
    double_click $((x + dx)) $((y + dy))
    expect 'selected (chest|abdomen|upper_arm_.*|head)'
else
    fail 'there is no chest in the picture'
fi
key Prior
expect 'selected .*'

# orbit
drag $((x + width / 2)) $((y + height - 60)) $((x + width / 2 + 80)) $((y + height - 60))
expect 'orbited .*'
picture "$folder/second.png" 1280x800+0+0
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
act xdotool windowsize "$window" 1500 900
expect 'resized 1500x900'
for panel in top viewport timeline outliner inspector tabs; do
    read -r px py pw ph <<<"$(place $panel)"
    if [ "$px" -lt 0 ] || [ "$py" -lt 0 ] || [ $((px + pw)) -gt 1500 ] || [ $((py + ph)) -gt 900 ]; then fail "panel $panel is cut: $px $py $pw $ph"; fi
done
picture "$folder/third.png"
[ "$(convert "$folder/third.png" -crop 100x700+1390+100 +repage -depth 8 -unique-colors -format '%w' info:)" -gt 3 ] || fail 'nothing is drawn where the window grew'

# panels come and go
key Tab
key shift+Tab
read -r x y width height <<<"$(place viewport)"
[ "$width" -gt 1400 ] || fail "the picture does not take the room of hidden panels: $width"
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"

# a scene that cannot be read: the window opens and says why
printf 'models:\n  - file: nothing.xml\n' >"$folder/bad.yaml"
start 1280x800 "$folder/bad.yaml"
expect 'failed .*'
[ "$(count 'opened .*')" -eq 0 ] || fail 'a bad scene was opened'
# mended while the editor looks on, it can be opened by its path
key ctrl+o
write "$PWD/scenes/boxes.yaml"
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

result
