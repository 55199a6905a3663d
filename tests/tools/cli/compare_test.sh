#!/usr/bin/env bash
# nuri compare and --backend bullet: status, table, JSON, series, refusals; every scene of the repository goes through.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh

# with itself nothing parts, whatever the build
expect 0 'with itself' compare scenes/boxes.yaml --with cpu --envs 2 --seconds 0.3 --json
json 'o["ok"] and o["parted"] is None and o["farthest"]["position"] == 0 and len(o["a"]["environments"]) == 2'
expect 2 'an engine that there is not' compare scenes/boxes.yaml --with ode
expect 2 'a plot of unknown form' compare scenes/boxes.yaml --plot "$folder/plot.svg"
expect 2 'no scene' compare "$folder/none.yaml"
grep -q none.yaml "$folder/err" || fail 'the missing scene is not named'

"$nuri" run scenes/boxes.yaml --backend bullet --envs 1 --steps 1 --quiet >"$folder/out" 2>"$folder/err"
if grep -q no-backend "$folder/err"; then
    grep -q libbullet-dev "$folder/err" || fail 'a build without Bullet does not say what it lacks'
    expect 2 'without Bullet' compare scenes/boxes.yaml
    printf '[skipped] compare with bullet: this build has no Bullet\n'
    [ "$problems" -eq 0 ]
    exit
fi

cat >"$folder/slide.xml" <<'END'
<mujoco model="slide"><option timestep="0.001"/>
  <worldbody><body name="mass"><joint name="slide" type="slide" axis="1 0 0" armature="2" damping="3" stiffness="40"/><geom type="sphere" size="0.1" mass="1"/></body></worldbody>
  <actuator><motor joint="slide"/></actuator></mujoco>
END
cat >"$folder/drop.xml" <<'END'
<mujoco model="drop"><option timestep="0.002"/>
  <worldbody><geom name="floor" type="plane" size="5 5 1"/><body name="crate" pos="0 0 0.4" euler="20 30 0"><freejoint/><site name="s" size="0.2"/><geom name="crate" type="box" size="0.1 0.1 0.1"/></body></worldbody>
  <sensor><touch name="felt" site="s"/></sensor></mujoco>
END

# the same equations, a rotor and a damper among them: they agree to rounding
expect 0 'a mass on a spring' compare "$folder/slide.xml" --seconds 2 --perturb 0.1 --within 1e-10 --json
json 'o["ok"] and o["parted"] is None and o["left_out"] == [] and 0 < o["b"]["energy_end"] < 0.5 * o["b"]["energy_start"]'

# an impact: they part, come to rest alike, and say what was not compared
expect 1 'a crate that falls on its corner' compare "$folder/drop.xml" --envs 1 --perturb 0 --seconds 3 --within 1e-5 --plot "$folder/plot.csv" --json
json 'o["parted"]["body"] == "crate" and 0 < o["parted"]["time"] < 1 and o["known_differences"] != [] and any("felt" in l for l in o["left_out"])'
json 'o["a"]["environments"][0]["touching"] == [["the world", "crate"]] == o["b"]["environments"][0]["touching"]'
json 'abs(o["a"]["energy_end"] - o["b"]["energy_end"]) < 0.05 * abs(o["a"]["energy_start"]) and o["b"]["energy_rise"] < 0.05 * abs(o["a"]["energy_start"])'
[ "$(head -1 "$folder/plot.csv" | tr , '\n' | wc -l)" -eq 13 ] || fail 'the table of numbers has not 13 columns'
[ "$(wc -l <"$folder/plot.csv")" -eq 62 ] || fail 'the table of numbers has not a line per look'
expect 1 'the same as a table' compare "$folder/drop.xml" --envs 1 --perturb 0 --seconds 1 --within 1e-5 --quiet
grep -q 'they part at .* s: crate, .* mm and .* degrees' "$folder/out" || fail 'the table does not say when they part'
grep -q 'why they may differ' "$folder/out" || fail 'the table does not say why'
[ "$(tail -n +4 "$folder/out" | wc -L)" -le 100 ] || fail 'the table is wider than a page'
sed 's/euler="20 30 0"//; s/0 0 0.4/0 0 0.15/' "$folder/drop.xml" >"$folder/flat.xml"
expect 0 'at rest they agree' compare "$folder/flat.xml" --envs 1 --perturb 0 --seconds 2 --at-rest --within 5e-4 --plot "$folder/plot.html" --json
json 'o["parted"] is not None and 0 < o["last"]["position"] < 5e-4 and o["a"]["settled"] is not None and o["b"]["settled"] is not None'
grep -q '<path class="b"' "$folder/plot.html" || fail 'the page has no curve of b'
grep -q 'parted at .* s: crate, .* mm and ' "$folder/plot.html" && grep -q '<path class="moment"' "$folder/plot.html" || fail 'the page does not say where they part'
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$folder/plot.html" || fail 'the page is not well-formed'
expect 1 'a folder that is not there' compare "$folder/slide.xml" --seconds 0.1 --plot "$folder/none/plot.csv"

# wherever a backend can be chosen
expect 0 'run' run "$folder/slide.xml" --backend bullet --envs 3 --steps 100 --json
json '"bullet" in o["backend"] and o["faults"] == 0'
hash=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["state_hash"])' "$folder/out")
expect 0 'run again' run "$folder/slide.xml" --backend bullet --envs 3 --steps 100 --threads 2 --json
json "o['state_hash'] == '$hash'"
expect 0 'bench' bench "$folder/slide.xml" --backend bullet --envs 2 --steps 50 --warm-up 0 --runs 1 --json
json '"bullet" in o["scenes"][0]["backend"]'

cat >"$folder/both.yaml" <<END
scene: $PWD/scenes/boxes.yaml
seconds: 0.5
matrix: {backend: [cpu, bullet], precision: [double], environments: [2]}
timeline:
  - {at: 0.1, teleport: {body: left_3/crate, position: [0, 5, 3], linear_velocity: [0, 0, 0], angular_velocity: [0, 0, 0]}}
expect:
  - {at: 0.3, body: left_3/crate, position: [0, 5, 2.804], within: 0.005}
  - {penetration: {below: 0.05}}
  - {contact: {between: [left_1/crate, world], present: true}, at: end}
  - {energy: {drift_below: 10}}
END
expect 0 'one script, two engines' regress "$folder/both.yaml" --json
json 'o["passed"] == 2 and o["failed"] == 0 and any("bullet" in c["backend"] for c in o["cases"])'
printf '  - {hash: golden}\n' >>"$folder/both.yaml"
expect 2 'a hash in another engine' regress "$folder/both.yaml"
grep -q 'has other bits' "$folder/out" || fail 'the refused hash is not named'
expect 2 'a recording that could not be replayed' run "$folder/slide.xml" --backend bullet --steps 10 --record "$folder/no.h5"

# every scene goes through, with either way of driving
for scene in scenes/*.yaml; do
    timeout 300 "$nuri" compare "$scene" --envs 1 --seconds 0.2 --every 0.1 --json >"$folder/out" 2>"$folder/err" </dev/null
    result=$?
    [ $result -le 1 ] || { fail "$scene: status $result" && head -n 3 "$folder/err"; }
    json 'o["b"]["faults"] == 0 and o["seconds"] > 0.19 and not o["interrupted"]'
done
timeout 300 "$nuri" compare scenes/cartpole.yaml --envs 2 --seconds 1 --react --json >"$folder/out" 2>"$folder/err" </dev/null
[ $? -le 1 ] || fail 'each with its own controls'
json 'o["controls"] == "own"'

[ "$problems" -eq 0 ]
