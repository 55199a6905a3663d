#!/usr/bin/env bash
# Cameras and lidars in the window: their pictures are there and follow time, forward and back; one of them large over the viewport; a lidar's
# points among the things they lie on; and findings of the import report that lead to what they speak of. Status 77: something that it takes is
# not installed (see desktop.sh).
. "$(dirname "$0")/desktop.sh"
open_display 1600x1000
view() { # view FILE NAME: a picture of an item
    local x y width height
    read -r x y width height <<<"$(item "$2")"
    picture "$1" "${width}x${height}+$x+$y"
}
same() { [ "$(compare -metric AE "$1" "$2" null: 2>&1 | cut -d ' ' -f 1)" = 0 ]; }

start 1600x900 scenes/quadruped.yaml --envs 2 --show 1 --paused
click_item 'tab Sensors'
for stream in 'forward rgb' 'forward depth' 'back range'; do soon 20 has_item "stream $stream" || fail "no picture: $stream"; done
move 5 5
view "$folder/first.png" 'stream forward rgb'
[ "$(colours "$folder/first.png")" -gt 30 ] || fail "the camera's picture is empty: $(colours "$folder/first.png") colours"
view "$folder/range.png" 'stream back range'
[ "$(colours "$folder/range.png")" -gt 10 ] || fail "the lidar's picture is empty: $(colours "$folder/range.png") colours"

# five control steps on there is another picture (they come every second one); as many back it is the first again, bit for bit
for _ in 1 2 3 4 5; do key Right; done
expect 'stepped to 0.1'
view "$folder/later.png" 'stream forward rgb'
same "$folder/first.png" "$folder/later.png" && fail 'the picture does not follow time'
for _ in 1 2 3 4 5; do key Left; done
expect 'stepped back to 0'
view "$folder/back.png" 'stream forward rgb'
same "$folder/first.png" "$folder/back.png" || fail 'the picture is not that of the moment that was gone back to'

# large, and back
click_item 'stream forward depth'
expect 'large forward depth'
soon 10 has_item large || fail 'no large picture'
view "$folder/large.png" large
[ "$(colours "$folder/large.png")" -gt 30 ] || fail 'the large picture is empty'
key Escape
soon 10 eval '! has_item large' || fail 'Escape does not close the large picture'

# points of the lidar
read -r x y width height <<<"$(place viewport)"
picture "$folder/without.png" "${width}x${height}+$x+$y"
click_item points
expect 'points shown'
move 5 5
picture "$folder/with.png" "${width}x${height}+$x+$y"
same "$folder/without.png" "$folder/with.png" && fail 'no points are drawn'
close

# a finding leads to its link
start 1600x900 assets/robots/quadruped/urdf/quadruped.urdf --paused
click_item 'tab Import report'
click_item 'finding quadruped.urdf:65:25'
expect 'selected fr_hip'
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"
result
