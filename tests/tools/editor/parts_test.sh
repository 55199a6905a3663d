#!/usr/bin/env bash
# A mesh that collides as convex parts by a click in the inspector: the switch of a selected geom, undone and done again to the same text and
# the same state, and saved. Status 77: something that it takes is not installed (see desktop.sh).
. "$(dirname "$0")/desktop.sh"

# an angle of two boxes that do not touch, as one mesh
cat >"$folder/angle.xml" <<'END'
<mujoco model="angle">
  <asset>
    <mesh name="angle" inertia="shell" vertex="0 0 0  .4 0 0  0 .2 0  .4 .2 0  0 0 .1  .4 0 .1  0 .2 .1  .4 .2 .1  0 0 .12  .1 0 .12  0 .2 .12  .1 .2 .12  0 0 .5  .1 0 .5  0 .2 .5  .1 .2 .5"
      face="0 2 3  0 3 1  4 5 7  4 7 6  0 1 5  0 5 4  2 6 7  2 7 3  0 4 6  0 6 2  1 3 7  1 7 5  8 10 11  8 11 9  12 13 15  12 15 14  8 9 13  8 13 12  10 14 15  10 15 11  8 12 14  8 14 10  9 11 15  9 15 13"/>
  </asset>
  <worldbody><body name="angle" pos="0 0 1"><freejoint name="free"/><geom name="shape" type="mesh" mesh="angle"/></body></worldbody>
</mujoco>
END
printf 'models:\n  - {file: angle.xml, name: a} # one\nground: true\n' >"$folder/angle.yaml"
cp "$folder/angle.yaml" "$folder/first.yaml"

open_display 1200x760
start 1200x760 "$folder/angle.yaml" --paused
expect "opened $folder/angle.yaml"
before=$(state)
double_click_item 'row a/angle' # lists what the body is made of
click_item 'row a/shape'
expect 'selected geom a/shape'
click_item 'convex parts'
expect 'convex parts of angle'
after=$(state)
[ "$(cut -d ' ' -f 2 <<<"$after")" != "$(cut -d ' ' -f 2 <<<"$before")" ] || fail 'the text has not changed'
[ "$(cut -d ' ' -f 3 <<<"$after")" = "$(cut -d ' ' -f 3 <<<"$before")" ] || fail 'the state has changed'
double_click_item 'row a/angle' # a scene that was loaded again begins with closed rows
soon 5 has_item 'row a/shape~1' || fail 'the parts are not listed'
click_item 'row a/shape'
key ctrl+z
expect 'undone convex parts of a/angle'
[ "$(state)" = "$before" ] || fail "undone to $(state), not $before"
soon 5 eval '! has_item "row a/shape~1"' || fail 'undone, the parts are still listed'
key ctrl+shift+z
expect 'redone convex parts of a/angle'
[ "$(state)" = "$after" ] || fail "redone to $(state), not $after"
key ctrl+s
expect "saved $folder/angle.yaml"
grep -q '{file: angle.xml, name: a, decompose: {meshes: angle}} # one' "$folder/angle.yaml" || fail "not written as it should be: $(grep file "$folder/angle.yaml")"
key space
expect running
sleep 1
click_item 'convex parts'
expect 'hull of angle'
key ctrl+s
expect "saved $folder/angle.yaml"
cmp "$folder/angle.yaml" "$folder/first.yaml" || fail 'switched on and off, the file is another one'
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"
result
