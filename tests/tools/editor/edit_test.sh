#!/usr/bin/env bash
# Changes made in the window: a model moved and turned by handles, with steps and with typed numbers, numbers and joints in the inspector, a
# plot, a spring; each undone and done again to the same text and the same state, bit for bit; the list of changes, commands by name, all keys,
# and the scene saved as a file that the other programs read. Status 77: something that it takes is not installed (see desktop.sh).
. "$(dirname "$0")/desktop.sh"

cat >"$folder/cart.xml" <<'END'
<mujoco model="cart">
  <worldbody>
    <body name="cart" pos="0 0 0.5">
      <joint name="rail" type="slide" axis="1 0 0" damping="0.5"/>
      <geom name="cart" type="box" size="0.1 0.05 0.05" mass="1" contype="0" conaffinity="0"/>
      <body name="pole"><joint name="pole" type="hinge" axis="0 1 0" damping="0.01"/>
        <geom type="capsule" size="0.02" fromto="0 0 0 0 0 0.4" mass="0.2" contype="0" conaffinity="0"/></body>
    </body>
  </worldbody>
  <actuator><motor name="push" joint="rail" ctrlrange="-5 5"/></actuator>
</mujoco>
END
cat >"$folder/box.xml" <<'END'
<mujoco model="box">
  <worldbody>
    <body name="box" pos="0 0 0.12"><freejoint name="free"/><geom name="box" type="box" size="0.12 0.12 0.12" mass="2" rgba="0.8 0.3 0.2 1"/></body>
  </worldbody>
</mujoco>
END
# it slides along x, y and z and does not turn: held still by a spring, it is held with its weight
cat >"$folder/weight.xml" <<'END'
<mujoco model="weight">
  <worldbody>
    <body name="weight" pos="0 0 0.15">
      <joint name="x" type="slide" axis="1 0 0" damping="1"/><joint name="y" type="slide" axis="0 1 0" damping="1"/>
      <joint name="z" type="slide" axis="0 0 1" range="0 3" limited="true"/>
      <geom name="weight" type="sphere" size="0.15" mass="2" contype="0" conaffinity="0"/>
    </body>
  </worldbody>
</mujoco>
END
cat >"$folder/little.yaml" <<'END'
# A comment that stays.
name: little
models:
  - {file: cart.xml, name: cart}   # the cart
  - file: box.xml
    name: box
    position: [0.7, 0, 0]
  - {file: weight.xml, name: weight, position: [-0.7, 0, 0]}
ground: true
# the end
END
cp "$folder/little.yaml" "$folder/first.yaml"

open_display 1200x760
start 1200x760 "$folder/little.yaml" --paused
expect "opened $folder/little.yaml"
first_state=$(state)
[ -n "$first_state" ] || fail 'no state is said'

# undone and done again, to the same bits: there_and_back BEFORE
there_and_back() {
    local after
    after=$(state)
    [ "$after" != "$1" ] || fail "nothing has changed: $after"
    key ctrl+z
    expect 'undone .*'
    [ "$(state)" = "$1" ] || fail "undone to $(state), not $1"
    key ctrl+shift+z
    expect 'redone .*'
    [ "$(state)" = "$after" ] || fail "redone to $(state), not $after"
}
# is X Y TOLERANCE WHAT
is() { awk -v a="${1:-nothing}" -v b="$2" -v t="$3" 'BEGIN { exit !(a != "nothing" && a - b <= t && b - a <= t) }' || fail "$4: ${1:-nothing}, not $2"; }

# ---- handles
click_item 'row box/box'
expect 'selected box/box'
key w
before=$(state)
find 'handle x further' && x=$X y=$Y
drag_item 'handle x' 'handle x further'
expect 'placed box by .* m along x'
moved=$(word_after 'placed box by' | cut -d ' ' -f 1)
# the handle went with the mouse: its tip was 0.8 of its length along the axis and is 1.3 now; perspective changes that length a little
find 'handle x' && is $((X - x)) 0 6 'the handle is not below the mouse' && is $((Y - y)) 0 6 'the handle is not below the mouse'
there_and_back "$before"
after_first=$(state)

before=$(state)
hold_item 'handle y' 'handle y further'
xdotool keydown ctrl
let_go
xdotool keyup ctrl
expect 'placed box by .* m along y'
snapped=$(word_after 'placed box by' | cut -d ' ' -f 1)
is "$(awk -v a="$snapped" 'BEGIN { print a * 20 - int(a * 20 + (a > 0 ? 0.5 : -0.5)) }')" 0 1e-4 'with Ctrl not in steps of 5 cm'
there_and_back "$before"

before=$(state)
hold_item 'handle z' 'handle z further'
write 0.125
key Return
expect 'placed box by 0.125 m along z'
let_go
there_and_back "$before"

before=$(state)
hold_item 'handle x' 'handle x further'
key Escape
expect 'placed box not at all'
let_go
[ "$(state)" = "$before" ] || fail "Escape does not take a move back: $(state), not $before"

key e
before=$(state)
hold_item 'handle z' 'handle z further' # 0.8 rad of the ring, by its picture
xdotool keydown ctrl
let_go
xdotool keyup ctrl
expect 'turned box by 45 degrees about z'
there_and_back "$before"
before=$(state)
hold_item 'handle x' 'handle x further'
write -30
key Return
expect 'turned box by -30 degrees about x'
let_go
there_and_back "$before"
key q

# ---- numbers of the inspector
before=$(state)
double_click_item 'number body_mass 3'
key ctrl+a
write 3.5
key Return
expect 'changed body_mass'
there_and_back "$before"

# in haste: click, keys and letters faster than frames come are what they are slowly
find 'number body_mass 3'
from=$(wc -l <"$said")
xdotool mousemove --window "$window" $X $Y click --repeat 2 --delay 60 1 key ctrl+a type --delay 5 41.25
xdotool key BackSpace key BackSpace key BackSpace type --delay 5 .75
xdotool key Return key --delay 5 ctrl+z
expect 'undone mass of box/box: 3.5 to 41.75'
xdotool key ctrl+k type --delay 5 dark
xdotool key Return mousemove --window "$window" $((X + 9)) $((Y + 90)) key ctrl+k type --delay 5 light
xdotool key Return
expect 'light'
expect 'dark'

click_item placement
before=$(state)
find 'placement position'
read -r x y width height <<<"$(item 'placement position')"
double_click $((x + width / 6)) $Y
key ctrl+a
write 0.9
key Return
expect 'placed box by numbers'
there_and_back "$before"

# a joint's slider
click_item 'inspector Joints'
before=$(state)
read -r x y width height <<<"$(item 'joint cart/pole')"
drag $((x + width / 2)) $((y + height / 2)) $((x + width * 3 / 4)) $((y + height / 2))
expect 'moved cart/pole'
there_and_back "$before"

# a number dragged onto the plots
click_item 'tab Plots'
drag_item 'plottable cart/pole' plots
expect 'plotting cart/pole'
key Right
key Right

# ---- the list of changes: a click goes there
key Tab # without the left panel there is room for all tabs
click_item 'tab History'
click_item 'history 1'
expect 'history 1'
[ "$(cut -d ' ' -f 2 <<<"$(state)")" = "$(cut -d ' ' -f 2 <<<"$after_first")" ] || fail 'the list does not lead back to the text after the first change'
entries=$(awk '$1 == "item" && $6 == "history" { if ($7 > most) most = $7 } END { print most }' "$said")
click_item "history $entries"
expect "history $entries"

key Tab

# ---- commands by name
picture "$folder/dark.png"
key ctrl+k
write light
key Return
expect 'command Dark or light'
expect light
picture "$folder/light.png"
dark=$(convert "$folder/dark.png" -colorspace Gray -format '%[fx:mean]' info:)
light=$(convert "$folder/light.png" -colorspace Gray -format '%[fx:mean]' info:)
awk -v d="$dark" -v l="$light" 'BEGIN { exit !(l > d + 0.2) }' || fail "light colours are not lighter: $light after $dark"
key ctrl+k
write dark
key Return
expect dark
key F1
expect keys
soon 5 has_item 'close keys' || fail 'F1 shows no keys'
key Escape
soon 5 eval '! has_item "close keys"' || fail 'Escape does not close the keys'

# ---- saved as a file that others read
key ctrl+shift+s
key ctrl+a
write "$folder/saved.yaml"
key Return
expect "saved $folder/saved.yaml"
"$NURI_PROGRAM" inspect "$folder/saved.yaml" >"$folder/out" 2>"$folder/err2" || fail "nuri inspect does not read what was saved: $(head -n 3 "$folder/err2")"
grep -q '^# A comment that stays.$' "$folder/saved.yaml" || fail 'saving lost a comment'
# x was typed; y was moved in steps; z by 0.125
grep -qE 'position: \[0\.9, ' "$folder/saved.yaml" || fail "the box is not where it was put: $(grep position "$folder/saved.yaml")"

# ---- all of it undone: the file as it was, byte for byte
for _ in $(seq 20); do
    key ctrl+z
    has_said 'undone .*' || break
done
[ "$(cut -d ' ' -f 2 <<<"$(state)")" = "$(cut -d ' ' -f 2 <<<"$first_state")" ] || fail 'all undone, the text is not what it was'
key ctrl+s
expect "saved $folder/saved.yaml"
cmp "$folder/saved.yaml" "$folder/first.yaml" || fail 'all undone and saved, the file is another one'

# ---- the spring
key BackSpace
expect reset
click_item 'row weight/weight'
expect 'selected weight/weight'
key space
expect running
find selected
xdotool keydown ctrl
hold $X $Y $X $((Y - 120))
sleep 2 # it comes to rest: critically damped at 10 rad/s
let_go
xdotool keyup ctrl
expect 'pulled weight/weight with .*'
is "$(word_after 'pulled weight/weight with' | cut -d ' ' -f 1)" 19.62 0.4 'held still, 2 kg weigh 19.62 N'
key space
expect 'paused at .*'
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"
result
