#!/usr/bin/env bash
# Recordings from the command line: replayed with the same bits whatever the machine, looked into, exported; what is damaged is told.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh
file=$folder/boxes.h5
expect 0 'a recording' run scenes/boxes.yaml --envs 3 --seconds 0.3 --episodes 2 --record "$file" --record-fields sensors,qpos --quiet

# replay
expect 0 'a replay' replay "$file" --json
json 'o["equal"] and o["episodes"] == 6 and o["differences"] == [] and o["stretches"] > 0 and o["notes"] == []'
all=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["stretches"])' "$folder/out")
for how in '--width 1' '--width 8' '--threads 1' '--threads 3 --width 4'; do
    # shellcheck disable=SC2086
    expect 0 "a replay with $how" replay "$file" $how --json
    json "o['equal'] and o['stretches'] == $all"
done
expect 0 'one environment' replay "$file" --env 1 --json
json 'o["equal"] and o["episodes"] == 2'
expect 0 'one episode' replay "$file" --env 2 --episode 1
grep -q '^the same bits: 1 episode of boxes' "$folder/out" || fail 'the text does not say so'
expect 2 'no such environment' replay "$file" --env 9
grep -q 'nothing-recorded' "$folder/err" || fail 'no code for an environment that is not there'
expect 2 'no such file' replay "$folder/none.h5"

# several robots, a timeline and its controllers, pictures, double precision, ids that begin elsewhere, samples at a rate of their own
while read -r scene options; do
    # shellcheck disable=SC2086
    expect 0 "$scene recorded" run "scenes/$scene" --seconds 0.2 --record "$folder/one.h5" --overwrite --quiet $options </dev/null
    expect 0 "$scene replayed" replay "$folder/one.h5" --json </dev/null
    json 'o["equal"] and o["episodes"] == 3 and o["stretches"] > 0'
done <<'END'
fleet.yaml --envs 3 --precision double
arm_cell.yaml --envs 3 --record-cameras overview
quadruped.yaml --envs 3 --first-id 7 --record-rate 20
END
expect 0 'an id' replay "$folder/one.h5" --env 8 --json
json 'o["equal"] and o["episodes"] == 1'

# inspect
expect 0 'inspect' inspect "$file" --json
json 'o["complete"] and len(o["episodes"]) == 6 and o["unfinished"] == [] and o["name"] == "boxes" and any(f["field"] == "obs/qpos" for f in o["fields"])'
expect 0 'inspect as text' inspect "$file"
grep -q '6 episodes' "$folder/out" || fail 'the text does not count episodes'

# export
expect 0 'an archive' export "$file" --npz "$folder/boxes.npz" --json
json 'o["episodes"] == 6 and o["arrays"] > 6'
python3 - "$folder/boxes.npz" <<'END' || fail 'the archive is not sound'
import struct, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
names = z.namelist()
assert 'demo_0/actions.npy' in names and 'demo_5/hashes.npy' in names and 'episodes/environment.npy' in names
data = z.read('episodes/environment.npy')
size, = struct.unpack('<H', data[8:10])
assert sorted(struct.unpack('<6Q', data[10 + size:])) == [0, 0, 1, 1, 2, 2]
END
expect 0 'tables' export "$file" --csv "$folder/tables" --env 1
python3 - "$folder/tables" <<'END' || fail 'the tables are not sound'
import csv, pathlib, sys
folder = pathlib.Path(sys.argv[1])
episodes = list(csv.DictReader(open(folder / 'episodes.csv')))
assert [e['environment'] for e in episodes] == ['1', '1']
for e in episodes:
    rows = list(csv.DictReader(open(folder / f"demo_{e['demo']}.csv")))
    assert len(rows) == int(e['samples']) and rows[0]['time'] == '0' and rows[-1]['dones'] == '1'
    stretches = list(csv.DictReader(open(folder / f"demo_{e['demo']}.inputs.csv")))
    assert sum(int(s['inputs/substeps']) for s in stretches) == int(e['substeps'])
END
expect 2 'neither form' export "$file"
expect 1 'into nowhere' export "$file" --npz "$folder/none/a.npz"

# what is damaged or of somebody else
head -c 20000 "$file" >"$folder/short.h5"
expect 2 'a truncated file' replay "$folder/short.h5" --json
json 'o["errors"][0]["code"] == "damaged-recording"'
echo 'a text' >"$folder/text.h5"
for command in replay inspect; do expect 2 "$command of a text" $command "$folder/text.h5"; done
expect 2 'export of a text' export "$folder/text.h5" --npz "$folder/b.npz"
grep -q 'not-a-recording' "$folder/err" || fail 'no code for a text'
[ ! -e "$folder/b.npz" ] || fail 'an archive of nothing was left behind'

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
