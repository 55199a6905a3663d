#!/usr/bin/env bash
# Recordings from the command line: episodes, what is refused, a disk that is full. NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh
file=$folder/run.h5

expect 0 'a recording' run scenes/cartpole.yaml --envs 3 --seconds 0.2 --record "$file" --json
json 'o["recording"]["episodes"] == 3 and o["recording"]["samples"] == 30 and o["recording"]["bytes"] > 10000 and o["recording"]["file"].endswith("run.h5")'
state=$(sed -n 's/.*"state_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out")
expect 0 'the same without' run scenes/cartpole.yaml --envs 3 --seconds 0.2 --json
grep -q "$state" "$folder/out" || fail 'recording shows in the bits'

# the same bytes, however it is computed; variants are recorded side by side
for scene in cartpole fleet; do
    expect 0 "$scene" run scenes/$scene.yaml --envs 11 --seconds 0.3 --record "$folder/$scene.h5" --threads 1 --width 1
    expect 0 "$scene again" run scenes/$scene.yaml --envs 11 --seconds 0.3 --record "$folder/again.h5" --threads 3 --width 8 --overwrite
    cmp -s "$folder/$scene.h5" "$folder/again.h5" || fail "$scene: threads or width show in the file"
done

# what was recorded comes out again to the last bit, also where other scenes' things act: contacts, equalities, variants, resets, policies
replay() {
    expect 0 "$1" run "${@:2}" --record "$file" --overwrite --json
    expect 0 "$1: replay" replay "$file" --json
}
replay 'fleet' scenes/fleet.yaml --envs 9 --seconds 0.3
replay 'boxes in double' scenes/boxes.yaml --envs 2 --seconds 0.5 --precision double
replay 'episodes' scenes/cartpole.yaml --envs 5 --seconds 0.2 --episodes 3 --first-id 40 --seed 9
replay 'a timeline' scenes/pick_place.yaml --envs 2 --seconds 2
replay 'rare samples' scenes/humanoid.yaml --envs 3 --seconds 0.5 --record-rate 10 --record-fields qpos@20,sensors
replay 'no actuators' scenes/tumbler.yaml --envs 2 --seconds 0.2
expect 0 'odd steps' run scenes/cartpole.yaml --envs 2 --steps 37 --record "$file" --overwrite
expect 0 'odd steps: replay' replay "$file"

# episodes: each of at most the run's length, and those of a timeline until it is done
expect 0 'episodes' run scenes/cartpole.yaml --envs 4 --seconds 0.2 --episodes 5 --record "$file" --overwrite --json
json 'o["recording"]["episodes"] == 20 and o["recording"]["samples"] == 200 and o["substeps"] == 200'
expect 0 'episodes of a timeline' run scenes/arm_cell.yaml --envs 2 --episodes 2 --record "$file" --overwrite --json
json 'o["recording"]["episodes"] == 4 and o["recording"]["successes"] >= 3 and o["recording"]["samples"] * 2 < 4 * 60 / 0.01'

# what is wrong
expect 2 'a file that is there' run scenes/cartpole.yaml --envs 1 --steps 4 --record "$file" --json
json 'o["errors"][0]["code"] == "file-exists"'
expect 2 'an unknown field' run scenes/cartpole.yaml --envs 1 --steps 4 --record "$folder/new.h5" --record-fields qposs --json
json 'o["errors"][0]["code"] == "unknown-name" and "qpos" in o["errors"][0]["hint"]'
expect 2 'an unknown camera' run scenes/cartpole.yaml --envs 1 --steps 4 --record "$folder/new.h5" --record-cameras nothing --json
expect 2 'a bad rate' run scenes/cartpole.yaml --envs 1 --steps 4 --record "$folder/new.h5" --record-fields qpos@x --json
json 'o["errors"][0]["code"] == "bad-rate"'
expect 1 'no such folder' run scenes/cartpole.yaml --envs 1 --steps 4 --record "$folder/no/new.h5" --json
json 'o["errors"][0]["code"] == "cannot-write"'
[ -e "$folder/new.h5" ] && fail 'a refused recording left a file'
expect 2 'fields without a file' run scenes/cartpole.yaml --envs 1 --steps 4 --record-fields qpos
expect 2 'episodes with a picture' run scenes/cartpole.yaml --envs 1 --steps 4 --record "$folder/new.h5" --episodes 2 --picture "$folder/p.png"

# A full disk: a limit on the size of files, and, where this may be mounted, a small file system. What was committed stays, and it says so.
many=(run scenes/cartpole.yaml --envs 64 --seconds 0.2 --episodes 1000 --quiet --json --record)
(ulimit -f 1500 && expect 1 'a limit on files' "${many[@]}" "$folder/full.h5"; exit $problems) || ((++problems))
json 'o["errors"][0]["code"] == "cannot-write" and "commit" in o["errors"][0]["hint"]'
size=$(stat -c %s "$folder/full.h5")
[ "$size" -gt 300000 ] && [ "$size" -le 1536000 ] || fail "after the limit: $size bytes"
[ -e "$folder/full.h5.journal" ] && fail 'a journal is left'
expect 0 'replay after the limit' replay "$folder/full.h5"
if mkdir "$folder/small" && mount -t tmpfs -o size=1500k nuri "$folder/small" 2>/dev/null; then
    expect 1 'a full disk' "${many[@]}" "$folder/small/full.h5"
    json 'o["errors"][0]["code"] == "cannot-write" and "space" in o["errors"][0]["message"]'
    [ "$(stat -c %s "$folder/small/full.h5")" -gt 300000 ] || fail 'a full disk leaves nothing'
    cp "$folder/small/full.h5" "$folder/full_disk.h5"
    umount "$folder/small"
    expect 0 'replay after a full disk' replay "$folder/full_disk.h5"
else
    printf 'no tmpfs can be mounted here: a full disk is a limit on the size of files alone\n'
fi

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
