#!/usr/bin/env bash
# A trained policy in the window: it drives from the first step with the bits of `nuri hash --policy`, is switched off and on, told something
# else and taken away by mouse. Status 77: something that it takes is not installed (see desktop.sh).
. "$(dirname "$0")/desktop.sh"
open_display 1600x1000
policy=assets/policies/quadruped.policy scene=scenes/quadruped_walk.yaml
substeps=$(sed -n 's/^substeps: *\([0-9]*\).*/\1/p' $scene)
drawn_hash() { state | cut -d ' ' -f 3; }
step() { for ((i = 0; i < $1; ++i)); do key Right; done; }

start 1600x900 $scene --policy $policy --envs 2 --show 1 --paused
click_item 'tab Policy'
soon 10 has_item 'policy drives' || fail 'the tab does not say that it drives'
step 6
wanted=$("$NURI_PROGRAM" hash $scene --policy $policy --envs 2 --steps $((6 * substeps)) --quiet | awk '{ print $4 }')
[ "$(drawn_hash)" = "$wanted" ] || fail "after six steps $(drawn_hash), without a window $wanted"

# switched off at this moment, the six steps to come are others; gone back and switched on again (with no last action), others once more
moment=$(drawn_hash)
step 6
driven=$(drawn_hash)
for _ in 1 2 3 4 5 6; do key Left; done
[ "$(drawn_hash)" = "$moment" ] || fail "six steps back: $(drawn_hash), not $moment"
click_item 'policy drives'
expect 'policy off'
step 6
undriven=$(drawn_hash)
[ "$undriven" != "$driven" ] || fail 'switched off it drives all the same'
for _ in 1 2 3 4 5 6; do key Left; done
click_item 'policy drives'
expect 'policy on'
step 6
driven=$(drawn_hash)
[ "$driven" != "$undriven" ] || fail 'switched on again it does not drive'

# another command, by its slider, goes elsewhere
for _ in 1 2 3 4 5 6; do key Left; done
click_item 'command 0'
expect 'told command 0'
step 6
[ "$(drawn_hash)" != "$driven" ] || fail 'another command changes nothing'

# taken away
click_item 'remove policy'
expect 'policy removed'
soon 10 eval '! has_item "policy drives"' || fail 'the tab still has a policy'
close
[ -s "$folder/err" ] && fail "on standard error: $(head -n 5 "$folder/err")"
result
