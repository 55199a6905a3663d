#!/usr/bin/env bash
# Policies from the command line: what drives is named, the bits are the same everywhere, films are made, and what is wrong is told.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh

# A network of drawn weights for the humanoid: it stumbles in a way of its own.
python3 - "$folder/stumble.policy" <<'END'
import json, random, sys
random.seed(3)
row = lambda n, size: [round(random.uniform(-size, size), 6) for _ in range(n)]
layer = lambda rows, columns, activation: {"weights": [row(columns, 0.3) for _ in range(rows)], "bias": row(rows, 0.1), "activation": activation}
columns = 21 + 21 + 21 + 3
json.dump({"format": "nuri-policy", "version": 1, "task": "Stumble-v0", "scene": "humanoid.yaml", "substeps": 4,
           "inputs": [{"kind": "offset"}, {"kind": "velocity", "scale": 0.05}, {"kind": "action"}, {"kind": "command"}],
           "outputs": [{"map": "range", "scale": 0.5, "limit": 2}], "command": [0.5, 0, 0],
           "mean": row(columns, 0.1), "deviation": [1] * columns, "clip": 10,
           "layers": [layer(64, columns, "elu"), layer(32, 64, "tanh"), layer(21, 32, "none")]}, open(sys.argv[1], "w"))
END
policy=$folder/stumble.policy
scene=scenes/humanoid.yaml
run() { expect 0 "$1" run $scene --policy "$policy" --envs "${2}" --steps 100 --json "${@:3}"; }
hash_of_state() { sed -n 's/.*"state_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out"; }

run 'a policy' 9
json 'o["policy"]["task"] == "Stumble-v0" and len(o["policy"]["hash"]) == 16 and o["policy"]["command"] == [0.5, 0, 0] and o["policy"]["file"].endswith("stumble.policy")'
json 'o["faults"] == 0'
driven=$(hash_of_state)
for how in '--width 1' '--width 8' '--threads 1' '--threads 3'; do
    # shellcheck disable=SC2086
    run "a policy with $how" 9 $how
    [ "$(hash_of_state)" = "$driven" ] || fail "$how shows in the bits"
done
run 'another command' 9 --command 1 0 -0.5
[ "$(hash_of_state)" != "$driven" ] || fail 'the command does not show'
json 'o["policy"]["command"] == [1, 0, -0.5]'
expect 0 'no policy' run $scene --envs 9 --steps 100 --json
[ "$(hash_of_state)" != "$driven" ] || fail 'the policy does not show'
json '"policy" not in o'
expect 0 'hash with a policy' hash $scene --policy "$policy" --envs 9 --steps 100 --every 50
[ "$(tail -n 1 "$folder/out" | cut -d' ' -f4)" = "$driven" ] || fail 'run and hash disagree'
expect 0 'as text' run $scene --policy "$policy" --envs 2 --steps 8
grep -q "driven by $policy, trained for Stumble-v0 (hash [0-9a-f]\{16\})" "$folder/out" || fail 'the text does not name the policy'
expect 0 'bench with a policy' bench $scene --policy "$policy" --envs 8 --warm-up 0.05 --steps 8 --runs 1 --json
json 'o["scenes"][0]["policy"]["task"] == "Stumble-v0"'
expect 0 'a picture of a policy' render $scene --policy "$policy" --steps 40 --out "$folder/after.png" --size 64 48 --json
expect 0 'a picture without' render $scene --steps 40 --out "$folder/without.png" --size 64 48
cmp -s "$folder/after.png" "$folder/without.png" && fail 'render does not follow the policy'
timeout 300 "$nuri" render $scene --policy "$policy" --seconds 0.1 --out "$folder/film.mp4" --size 64 48 >"$folder/out" 2>"$folder/err"
case $? in
    0) [ -s "$folder/film.mp4" ] || fail 'the film is empty' ;;
    *) grep -q OpenH264 "$folder/err" || fail 'no film of a policy' ;;
esac

# control steps: the policy's, and said
sed 's/"substeps": 4/"substeps": 7/' "$policy" >"$folder/slow.policy"
expect 0 'other control steps' run $scene --policy "$folder/slow.policy" --envs 2 --steps 7 --json
grep -q 'substeps-differ' "$folder/err" || fail 'other control steps are not told'

# what is wrong
expect 2 'a command without a policy' run $scene --command 1
expect 2 'a short command' run $scene --policy "$policy" --command 1 --json
json 'o["errors"][0]["code"] == "wrong-size"'
expect 2 'no such policy' run $scene --policy nothing.policy
expect 2 'a folder as a policy' run $scene --policy scenes
expect 2 'a scene as a policy' run $scene --policy $scene
expect 2 'another robot' run scenes/arm_cell.yaml --policy "$policy" --json
json 'o["errors"][0]["hint"].find("humanoid.yaml") >= 0'
sed 's/"offset"/"ofset"/' "$policy" >"$folder/bad.policy"
expect 2 'an unknown kind' run $scene --policy "$folder/bad.policy" --json
json 'o["errors"][0]["code"] == "unknown-word" and o["errors"][0]["line"] == 1 and "offset" in o["errors"][0]["hint"]'
while read -r name code line; do
    expect 2 "$name" run $scene --policy "tests/bad/policy/$name" --json
    json "o['errors'][0]['code'] == '$code' and o['errors'][0]['line'] == $line"
done <tests/bad/policy/expected.txt

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
