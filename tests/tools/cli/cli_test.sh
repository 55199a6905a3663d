#!/usr/bin/env bash
# The program as a user or a script meets it: exit statuses, one JSON object, golden lines, interruption, dump and diff.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh
scene=scenes/humanoid.yaml

# help and bad command lines
expect 0 help --help
expect 0 version --version
for command in run bench hash diff dump render inspect compile doctor; do
    expect 0 "help of $command" $command --help
    [ -s "$folder/out" ] || fail "$command --help says nothing"
done
expect 2 'no command'
expect 2 'unknown command' fly
expect 2 'a misspelt command' rnu $scene
grep -q "did you mean 'run'" "$folder/err" || fail 'the nearest command is not named'
if [ "$(awk '/MemAvailable/ {print $2}' /proc/meminfo)" -lt 200000000 ]; then   # kB; the scene takes more than that
    expect 2 'more environments than memory' run scenes/tumbler.yaml --envs 10000000 --precision double
    { grep -q 'GiB are available' "$folder/err" && grep -q -- '--envs [0-9]* would fit' "$folder/err"; } || fail 'a lack of memory is told without numbers'
fi
expect 0 'nothing but diagnostics' run $scene --envs 4 --steps 2 --diagnostics=json
python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' "$folder/err" || fail 'standard error is not JSON lines'
expect 2 'unknown option' run $scene --wings 2
expect 2 'no environments' run $scene --envs 0
expect 2 'too many environments' run $scene --envs 100000000
expect 2 'no number' run $scene --steps many
expect 2 'both lengths' run $scene --steps 1 --seconds 1
expect 2 'bad precision' run $scene --precision half
expect 2 'no such file' run nothing.yaml
expect 2 'not a scene' run LICENSE
expect 2 'a folder' run scenes
expect 2 'errors as JSON' run nothing.yaml --json
json 'o["ok"] is False and o["errors"][0]["message"]'
expect 2 'bad options as JSON' run $scene --envs x --json
json 'o["ok"] is False'
printf 'models:\n  - {file: robot.xml, nmae: x}\n' >"$folder/bad.yaml"
expect 2 'bad scene' run "$folder/bad.yaml" --json
json 'o["errors"][0]["line"] == 2 and "name" in o["errors"][0]["hint"]'
grep -q "bad.yaml:2:" "$folder/err" || fail 'an error names its place'
printf 'damaged' >"$folder/damaged.model"
expect 2 'damaged model' run "$folder/damaged.model"

# run, hash: the same whatever the width, the threads and the number of environments
expect 0 run run $scene --envs 5 --steps 20 --json
json 'all(k in o for k in ("state_hash", "steps_per_second", "contacts", "rows", "iterations", "faults")) and o["steps"] == 100 and o["faults"] == 0'
hash=$(sed -n 's/.*"state_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out")
expect 0 hash hash $scene --envs 5 --steps 20 --every 10
[ "$(cut -d' ' -f1-3 "$folder/out" | tr '\n' ';')" = 'humanoid f32 10;humanoid f32 20;' ] || fail 'lines of hash'
[ "$(tail -n 1 "$folder/out" | cut -d' ' -f4)" = "$hash" ] || fail 'run and hash disagree'
expect 0 'hash at width 1' hash $scene --envs 5 --steps 20 --width 1 --threads 2
[ "$(cut -d' ' -f4 "$folder/out")" = "$hash" ] || fail 'width and threads show in the hash'
expect 0 'hash of another seed' hash $scene --envs 5 --steps 20 --seed 3
[ "$(cut -d' ' -f4 "$folder/out")" != "$hash" ] || fail 'the seed does not show in the hash'
expect 0 'MJCF by path' run assets/robots/humanoid.xml --envs 2 --steps 5 --control sine --perturb 0.1 --quiet
[ ! -s "$folder/err" ] || fail '--quiet is not quiet'
expect 0 'double' run $scene --envs 2 --steps 5 --precision double --json
json 'o["precision"] == "f64"'

# a mesh taken apart, and the parts used again
expect 0 decompose decompose assets/objects/meshes/mug.obj --parts 40 --excess 0.04 -o "$folder/parts.obj" --json
json '2 <= o["parts"] <= 40 and o["volume"] < o["parts_volume"] < 1.1 * o["volume"]'
[ "$(grep -c '^o ' "$folder/parts.obj")" -ge 2 ] || fail 'objects of the parts'
expect 2 'no mesh' decompose "$folder/none.obj"
expect 2 'no parts' decompose assets/objects/meshes/mug.obj --parts 0
expect 1 'parts into no folder' decompose assets/objects/meshes/mug.obj -o "$folder/none/parts.obj"
cp assets/objects/mug.xml assets/objects/meshes/mug.obj "$folder" && sed -i 's/ meshdir="meshes"//' "$folder/mug.xml"
printf 'models:\n  - {file: mug.xml, decompose: {meshes: mug, file: parts.obj}}\nground: true\n' >"$folder/mug.yaml"
expect 0 'a scene of parts' run "$folder/mug.yaml" --envs 2 --steps 3 --json

# compile, inspect, bench, doctor
expect 0 compile compile $scene -o "$folder/humanoid.model" --json
json 'o["bytes"] > 1000 and len(o["model_hash"]) == 16'
expect 0 'compiled model' run "$folder/humanoid.model" --envs 3 --steps 5
head -c 2000 "$folder/humanoid.model" >"$folder/short.model"
expect 2 'half a model' run "$folder/short.model"
expect 1 'unwritable' compile $scene -o "$folder/none/x.model"
grep -q "the folder $folder/none does not exist" "$folder/err" || fail 'a folder that is missing is not named'
expect 1 'a folder as output' compile $scene -o "$folder"
expect 0 'names instead of codes' inspect scenes/arm_cell.yaml --json
json 'all(isinstance(s["type"], str) for s in o["sensors"]) and {g["collides"] for g in o["geoms"]} <= {"no", "by its z axis", "yes"}'
expect 0 'widths of a heap' inspect scenes/tumbler.yaml --json
json 'list(o["scratch_bytes_by_width"]) == ["1"]'
expect 0 inspect inspect $scene --json
json 'o["sizes"]["dof_count"] == 27 and len(o["bodies"]) == o["sizes"]["body_count"] and len(o["pairs"]) == o["sizes"]["pair_count"]'
expect 0 'inspect as text' inspect $scene
expect 0 bench bench $scene --envs 8 --warm-up 0.05 --steps 5 --runs 2 --json
json 'o["scenes"][0]["steps_per_second"] > 0 and len(o["scenes"][0]["state_hash"]) == 16 and 0 < o["scenes"][0]["occupancy"] <= 1 and abs(sum(o["scenes"][0]["stages"].values()) - 1) < 1e-6'
expect 0 doctor doctor --json
json 'all(c["passed"] for c in o["checks"])'

# where files are found: packages by name, further folders
mkdir -p "$folder/robot" "$folder/parts/meshes" "$folder/scene"
python3 - "$folder/parts/meshes/cube.stl" <<'PYTHON'
import struct, sys
corners = [(x, y, z) for x in (0, .1) for y in (0, .1) for z in (0, .1)]
quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
faces = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
with open(sys.argv[1], 'wb') as f:
    f.write(bytes(80) + struct.pack('<I', len(faces)))
    for face in faces: f.write(struct.pack('<12fH', *(0,) * 3, *(x for v in face for x in corners[v]), 0))
PYTHON
part='<collision><geometry><mesh filename="package://parts/meshes/cube.stl"/></geometry></collision>'
printf '<robot name="r"><link name="a">%s</link><link name="b">%s</link><link name="tip"/><joint name="j" type="continuous"><origin xyz="0.3 0 0"/><axis xyz="0 0 1"/><parent link="a"/><child link="b"/></joint><joint name="k" type="fixed"><parent link="b"/><child link="tip"/></joint></robot>\n' "$part" "$part" >"$folder/robot/r.urdf"
without_ros() { (unset ROS_PACKAGE_PATH AMENT_PREFIX_PATH GZ_SIM_RESOURCE_PATH; expect "$@"; exit $problems); problems=$?; }
without_ros 2 'unknown package' inspect "$folder/robot/r.urdf" --json
json 'o["errors"][0]["code"] == "unknown-package" and "--package parts=FOLDER" in o["errors"][0]["hint"] and o["errors"][0]["element"].endswith("/mesh")'
expect 0 'a package by name' inspect "$folder/robot/r.urdf" --package parts="$folder/parts" --json
json 'o["meshes"][0]["triangles"] == 12 and o["meshes"][0]["watertight"] is True and abs(o["meshes"][0]["volume"] - 1e-3) < 1e-8 and o["meshes"][0]["hull_vertices"] is None'
json 'o["frames"] == [{"fixed_link": "tip", "body": "b"}]'
json '{"base", "merged-link", "mass-from-geometry", "mass-from-geoms", "motors"} <= {d["code"] for d in o["report"]} and all({"code", "severity", "file", "line", "column", "element", "message"} <= set(d) for d in o["report"])'
ROS_PACKAGE_PATH="$folder" expect 0 'a package by ROS_PACKAGE_PATH' hash "$folder/robot/r.urdf" --steps 2
for command in 'run --steps 2' 'hash --steps 2' 'bench --warm-up 0 --steps 2 --runs 1' 'diff --steps 2' "compile -o $folder/r.model"; do
    # shellcheck disable=SC2086
    expect 0 "--package of $command" $command "$folder/robot/r.urdf" --package parts="$folder/parts" --quiet
done
printf 'models:\n  - {file: ../robot/r.urdf}\n' >"$folder/scene/s.yaml"
expect 0 'a package in a scene' run "$folder/scene/s.yaml" --steps 2 --package parts="$folder/parts" --quiet
expect 2 'a package without a folder' run "$folder/scene/s.yaml" --package parts="$folder/none"
expect 2 'a package without a name' run "$folder/scene/s.yaml" --package "$folder/parts"
printf '<mujoco><asset><mesh file="%s/parts/meshes/cube.stl"/></asset><worldbody><geom type="plane" size="1 1 1"/><body><freejoint/><geom type="mesh" mesh="cube"/></body></worldbody></mujoco>\n' "$folder" >"$folder/scene/m.xml"
expect 2 'a file outside' run "$folder/scene/m.xml" --steps 2
grep -q -- '--root' "$folder/err" || fail 'the remedy of a file outside is not named'
expect 0 'a further folder' run "$folder/scene/m.xml" --steps 2 --root "$folder/parts"
grep -q 'adjusted on import; see nuri inspect' "$folder/err" || fail 'run does not say that something was adjusted'

expect 0 'a mesh that collides' inspect "$folder/scene/m.xml" --root "$folder/parts" --json
json 'o["meshes"][0]["hull_vertices"] == 8 and abs(o["meshes"][0]["hull_volume"] - 1e-3) < 1e-8'

# diagnostics: place, path, inclusions, line, hint; as text and as JSON; twenty at most
mkdir -p "$folder/bad"
printf '<mujoco>\n  <worldbody>\n    <include file="arm.xml"/>\n  </worldbody>\n</mujoco>\n' >"$folder/bad/scene.xml"
printf '<mujocoinclude>\n  <body name="arm">\n    <geom name="hand" sise="1"/>\n  </body>\n</mujocoinclude>\n' >"$folder/bad/arm.xml"
expect 2 'an error in an inclusion' run "$folder/bad/scene.xml"
for part in 'arm.xml:3:23: error: ' 'in mujoco/worldbody/body\[arm\]/geom\[hand\]' 'included from .*scene.xml:3:5' '3 |     <geom name="hand" sise="1"/>' '^    | *^~~~' "did you mean 'size'"; do
    grep -q -- "$part" "$folder/err" || fail "an error does not say $part"
done
expect 2 'diagnostics as JSON' run "$folder/bad/scene.xml" --diagnostics=json
[ ! -s "$folder/out" ] || fail 'diagnostics stand on standard output'
head -n 1 "$folder/err" >"$folder/out"
json 'o["line"] == 3 and o["column"] == 23 and o["element"].endswith("geom[hand]") and o["included_from"][0]["line"] == 3 and o["excerpt"]["width"] > 3 and "size" in o["hint"] and o["severity"] == "error"'
expect 2 'a bad command line as JSON' run "$folder/bad/scene.xml" --diagnostics json --wings
cp "$folder/err" "$folder/out"
json 'o["code"] == "bad-request"'
python3 -c 'print("<mujoco><worldbody>" + "<geom sise=\"1\"/>\n" * 50 + "</worldbody></mujoco>")' >"$folder/bad/many.xml"
expect 2 'many errors' run "$folder/bad/many.xml" --json
json 'len(o["errors"]) == 21 and o["errors"][-1]["code"] == "more-errors"'
python3 -c 'print("<mujoco><worldbody>" + "<body><joint/></body>\n" * 50 + "</worldbody></mujoco>")' >"$folder/bad/massless.xml"
expect 2 'many errors of the compiler' run "$folder/bad/massless.xml" --json
json 'len(o["errors"]) == 21 and o["errors"][0]["code"] == "no-mass" and o["errors"][0]["element"] == "mujoco/worldbody/body" and o["errors"][1]["line"] == 2 and o["errors"][1]["excerpt"]["width"] == 5'
expect 0 'what was adjusted' inspect assets/robots/humanoid.xml
grep -q '^Adjusted and guessed (' "$folder/out" || fail 'inspect does not say what was adjusted'
grep -q '^  mass-from-geoms (' "$folder/out" || fail 'the report is not grouped'
expect 0 'a group' hash $scene --envs 1 --steps 1 --backend cpu --group 16
expect 2 'a group that there is not' hash $scene --envs 1 --steps 1 --group 12

# a scene with variants: every command works with it, or says what to do
fleet=scenes/fleet.yaml
expect 0 'run of variants' run $fleet --envs 20 --steps 20 --json
json 'len(o["variants"]) == 4 and sum(v["environments"] for v in o["variants"]) == 20 and all(v["faults"] == 0 for v in o["variants"]) and o["goals"][0]["environments"] == o["variants"][0]["environments"]'
hash=$(sed -n 's/.*"state_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out")
expect 0 'run of variants as text' run $fleet --envs 3 --steps 5
grep -q 'quadruped' "$folder/out" || fail 'run does not name the variants'
expect 0 'hash of variants' hash $fleet --envs 20 --steps 20 --width 1 --threads 2
[ "$(cut -d' ' -f4 "$folder/out")" = "$hash" ] || fail 'width and threads show in the hash of variants'
expect 0 'bench of variants' bench $fleet --envs 8 --warm-up 0.02 --steps 5 --runs 1
expect 0 'inspect of variants' inspect $fleet --json
json '[v["name"] for v in o["variants"]] == ["arm7", "amr", "quadruped", "humanoid"] and o["variants"][3]["sizes"]["dof_count"] == 27'
expect 0 'inspect of variants as text' inspect $fleet
expect 0 'compile of variants' compile $fleet -o "$folder/fleet.model" --json
json 'len(o["files"]) == 4 and o["files"][1]["file"].endswith("fleet.amr.model")'
expect 0 'a compiled variant' run "$folder/fleet.amr.model" --envs 2 --steps 5
expect 0 'equal runs of variants' diff $fleet --envs 9 --steps 10 --a width=1,threads=1 --b threads=2
expect 1 'a nudge of a variant' diff $fleet --envs 9 --steps 10 --nudge 5,7,qvel,0 --json
json 'o["environment"] == 5 and o["step"] == 7'
expect 2 'dump of variants' dump $fleet --states LICENSE --out "$folder/dump3"
grep -q 'nuri compile' "$folder/err" || fail 'dump does not say what to do with variants'

# diff: equal runs are equal; the smallest nudge is found where it is
expect 0 'equal runs' diff $scene --envs 9 --steps 20 --a width=1,threads=1 --b threads=2 --json
json 'o["equal"] is True'
# limbs that touch couple branches of the tree; once, rows paired too freely read what another pack had left there
expect 0 'contacts between branches' diff scenes/humanoid.yaml --first-id 265 --envs 2 --steps 190 --a width=1,threads=1,alike=0 --b width=4,threads=1,alike=0
expect 1 'a nudge' diff $scene --envs 9 --steps 20 --nudge 5,7,qvel,8 --json
json '(o["environment"], o["step"], o["stage"], o["field"], o["item"]) == (5, 7, "load", "qvel", 8) and abs(int(o["a"]["bits"], 16) - int(o["b"]["bits"], 16)) == 1'
sed 's/mass="13"/mass="13.5"/' assets/robots/humanoid.xml >"$folder/heavy.xml"
expect 1 'another mass' diff assets/robots/humanoid.xml "$folder/heavy.xml" --steps 5 --json
json 'o["step"] == 0 and o["stage"] == "com"'
expect 2 'a bad nudge' diff $scene --nudge 1,2,wings,3
expect 2 'a bad setting' diff $scene --a wings=3

# dump: what goes in comes out, one step later is what the step gives
cat >"$folder/states.py" <<'PYTHON'
import struct, sys
rows, columns = 3, 28 + 27 + 0 + 27 + 21
header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, columns)
header += ' ' * (63 - (10 + len(header)) % 64) + '\n'
row = lambda k: [0, 0, 1.0 + k, 1, 0, 0, 0] + [0.0] * (columns - 7)
with open(sys.argv[1], 'wb') as f:
    f.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode())
    for k in range(rows): f.write(struct.pack('<%dd' % columns, *row(k)))
PYTHON
python3 "$folder/states.py" "$folder/states.npy"
expect 0 dump dump $scene --states "$folder/states.npy" --out "$folder/dump" --stages --json
json 'o["states"] == 3 and o["fields"]["qpos"]["columns"] == 28 and o["fields"]["xpos"]["stage"] == "kinematics"'
for file in qpos.npy xpos.npy bias.npy next_qpos.npy next_qvel.npy contacts.jsonl rows.jsonl model.json; do
    [ -s "$folder/dump/$file" ] || fail "dump has no $file"
done
[ "$(wc -l <"$folder/dump/rows.jsonl")" -eq 3 ] || fail 'rows.jsonl has not a line per state'
printf '[{"geom1":0,"geom2":1,"dist":-0.01,"pos":[0,0,0],"frame":[0,0,1,1,0,0,0,1,0]}]\n[]\n[]\n' >"$folder/contacts.jsonl"
expect 0 'injected contacts' dump $scene --states "$folder/states.npy" --out "$folder/dump2" --contacts "$folder/contacts.jsonl"
python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
sys.exit(0 if [len(l) for l in lines] == [1, 0, 0] and lines[0][0]["dist"] == -0.01 else 1)' "$folder/dump2/contacts.jsonl" || fail 'injected contacts do not come out'
printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 103), }" >"$folder/none.npy"
expect 2 'no states' dump $scene --states "$folder/none.npy" --out "$folder/dump3"
expect 2 'wrong columns' dump scenes/boxes.yaml --states "$folder/states.npy" --out "$folder/dump3"
expect 2 'no array' dump $scene --states LICENSE --out "$folder/dump3"

# Ctrl-C ends with the summary so far
timeout --preserve-status -s INT 5 "$nuri" run $scene --envs 64 --seconds 100000 --json >"$folder/out" 2>"$folder/err" </dev/null || fail 'status after Ctrl-C'
json 'o["interrupted"] is True and o["substeps"] > 0 and len(o["state_hash"]) == 16'
"$nuri" run $scene --envs 64 --seconds 100000 --json >"$folder/out" 2>"$folder/err" </dev/null &
process=$!
sleep 3
kill -INT $process && kill -INT $process 2>/dev/null   # what timeout(1) does: the program, then its group
wait $process || fail 'status after a signal that comes twice'
json 'o["interrupted"] is True'

# pictures
expect 0 'a picture' render scenes/boxes.yaml --env 1 --steps 20 --size 96 64 --out "$folder/one.png" --depth "$folder/depth.png" --json
json 'o["ok"] and o["width"] == 96 and o["height"] == 64 and o["pictures"] == 1 and o["rays_per_second"] > 0'
cmp -s <(head -c 8 "$folder/one.png") <(printf '\x89PNG\r\n\x1a\n') || fail 'the picture is not a PNG'
[ -s "$folder/depth.png" ] || fail 'no depth was written'
expect 0 'the picture again' render scenes/boxes.yaml --env 1 --steps 20 --size 96 64 --out "$folder/two.png" --threads 1
cmp -s "$folder/one.png" "$folder/two.png" || fail 'the same picture has other bytes'
expect 0 'a sheet of different robots' render scenes/fleet.yaml --sheet --envs 6 --size 40 30 --out "$folder/sheet.png" --json
json 'o["width"] == 124 and o["height"] == 62 and o["pictures"] == 6'
expect 2 'no such camera' render scenes/boxes.yaml --camera nobody --out "$folder/three.png"
expect 2 'no such environment' render scenes/boxes.yaml --env 5 --envs 3 --out "$folder/three.png"
expect 2 'side by side without --raster' render scenes/boxes.yaml --together
expect 1 'no such folder' render scenes/boxes.yaml --size 32 32 --out "$folder/none/three.png"

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
