#!/usr/bin/env bash
# A recording in the window: the environment that was asked for plays, back and forth; its episodes are listed, and a click goes to where one
# begins; another environment is a choice. Status 77: something that it takes is not installed (see desktop.sh).
. "$(dirname "$0")/desktop.sh"
file=$folder/boxes.h5
"$NURI_PROGRAM" run scenes/boxes.yaml --envs 3 --seconds 0.3 --episodes 2 --record "$file" --quiet >/dev/null || fail 'nothing was recorded'

timeout 60 "$editor" --env x >"$folder/out" 2>"$folder/err" </dev/null
[ $? -eq 2 ] || fail 'a bad id: not status 2'

open_display 1600x1000
start 1280x800 "$file" --env 1 --paused
expect "opened $file"
read -r x y width height <<<"$(place viewport)"
picture "$folder/first.png" "${width}x${height}+$x+$y"
[ "$(colours "$folder/first.png")" -gt 100 ] || fail "the picture is empty: $(colours "$folder/first.png") colours"
key Right
expect 'stepped to .*'
key Left
expect 'stepped back to 0'
click_item 'tab Recording'
click_item 'episode 1'
expect 'episode 1'
soon 20 has_item 'recorded environment' || fail 'there is no choice of environments'
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"
result
