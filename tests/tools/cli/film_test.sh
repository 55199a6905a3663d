#!/usr/bin/env bash
# nuri render: cameras by name, tensors, films, what cannot be written. Whether films show the right pictures: tests/oracle/test_film.py.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh
scene=scenes/arm_cell.yaml
# array FILE EXPRESSION: true if FILE is a .npy file whose `shape` and `type` make the expression hold; numbers are `v`.
cat >"$folder/array.py" <<'PYTHON'
import ast, struct, sys
data = open(sys.argv[1], 'rb').read()
size, = struct.unpack('<H', data[8:10])
about = ast.literal_eval(data[10:10 + size].decode())
shape, type, body = about['shape'], about['descr'], data[10 + size:]
count = 1
for n in shape: count *= n
v = struct.unpack('<%d%s' % (count, {'|u1': 'B', '<i4': 'i', '<f4': 'f'}[type]), body)
sys.exit(0 if data[:8] == b'\x93NUMPY\1\0' and (10 + size) % 64 == 0 and not about['fortran_order'] and eval(sys.argv[2]) else 1)
PYTHON
array() { python3 "$folder/array.py" "$1" "$2" || fail "array: $2"; }
# nothing_left NAME: neither that file nor a part of it.
nothing_left() { [ -z "$(find "$folder" -name "$1*")" ] || fail "$1 was left behind"; }

# cameras: the scene's by name, then the model's; a lidar as ranges
expect 0 "a camera of the scene" render $scene --camera overview --out "$folder/a.png" --json
json 'o["width"] == 64 and o["height"] == 64 and o["legend"] == ""'
expect 0 'in another size' render $scene --camera wrist --size 48 32 --depth "$folder/d.png" --out "$folder/a.png" --json
json 'o["width"] == 48 and o["height"] == 32'
expect 2 'no such camera' render $scene --camera overveiw --out "$folder/b.png"
grep -q "did you mean 'overview'" "$folder/err" || fail 'the nearest camera is not named'
expect 0 'a lidar' render scenes/fleet.yaml --camera front --envs 8 --out "$folder/l.png" --json
json 'o["pictures"] == 3 and o["width"] == 2 * 360 + 2 and "by the logarithm" in o["legend"]'
expect 2 'a lidar without size' render scenes/fleet.yaml --camera front --size 64 64 --out "$folder/b.png"
expect 2 'a lidar has no depth' render scenes/quadruped.yaml --camera back --depth "$folder/b.png" --out "$folder/c.png"
expect 2 'an environment without that camera' render scenes/fleet.yaml --camera front --env 1 --out "$folder/b.png"
expect 0 'several environments are a sheet' render scenes/boxes.yaml --envs 3 --size 40 30 --out "$folder/s.png" --json
json 'o["pictures"] == 3 and o["width"] == 82 and o["height"] == 62'
expect 2 'both one and all' render scenes/boxes.yaml --env 1 --sheet
expect 2 'too large a sheet' render scenes/boxes.yaml --envs 100 --size 8000 8000 --rays 1 --out "$folder/b.png"
expect 2 'another format' render scenes/boxes.yaml --out "$folder/b.jpg"
nothing_left b.

timeout 300 "$nuri" render $scene --raster --camera overview --size 32 32 --out "$folder/b.png" >"$folder/out" 2>"$folder/err" </dev/null
grep -q 'see by rays\|without Vulkan' "$folder/err" || fail 'an eye with --raster is not refused'
nothing_left b.

# tensors
expect 0 'colours' render $scene --camera wrist --envs 3 --out "$folder/rgb.npy" --json
json 'o["shape"] == [3, 64, 64, 3] and o["type"] == "|u1"'
array "$folder/rgb.npy" 'shape == (3, 64, 64, 3) and type == "|u1" and len(set(v)) > 20'
expect 0 'depth' render $scene --camera wrist --env 2 --output depth --out "$folder/depth.npy"
array "$folder/depth.npy" 'shape == (1, 64, 64, 1) and type == "<f4" and 0.02 <= min(v) and 0.1 < max(v) < 5'
expect 0 'classes' render scenes/bin_pile.yaml --camera above --output class --out "$folder/class.npy"
array "$folder/class.npy" 'shape == (1, 96, 128, 1) and type == "<i4" and set(v) >= {1, 2}'
expect 0 'names of bodies, from a free camera' render $scene --size 32 24 --output body --out "$folder/body.npy"
array "$folder/body.npy" 'shape == (1, 24, 32, 1) and max(v) > 5'
expect 0 'ranges, by themselves of a lidar' render scenes/fleet.yaml --camera front --envs 8 --out "$folder/range.npy" --json
json 'o["output"] == "range" and o["environments"] == [0, 3, 5]'
array "$folder/range.npy" 'shape == (3, 8, 360, 1) and 0 < max(v) < 25'
expect 0 'points' render scenes/quadruped.yaml --camera back --env 0 --output point --out "$folder/point.npy"
array "$folder/point.npy" 'shape == (1, 16, 512, 3) and max(v) < 60'
expect 2 'colours of a lidar' render scenes/quadruped.yaml --camera back --output rgb --out "$folder/b.npy"
expect 2 'no such output' render $scene --output smell --out "$folder/b.npy"
expect 2 'an output without a tensor' render $scene --output depth --out "$folder/b.png"
nothing_left b.

# a run: its moments as a picture, and what its eyes cost; neither shows in the state, nor the machine in what eyes see
expect 0 'a run' run $scene --envs 5 --seconds 0.4 --quiet --json
hash=$(sed -n 's/.*"state_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out")
expect 0 'a run with a picture and eyes' run $scene --envs 5 --seconds 0.4 --picture "$folder/run.png" --camera overview --eyes --quiet --json
# two cameras, 20 Hz, the first at once; four tiles of 480 in a row
json '(o["eyes"]["images"], o["eyes"]["rays"]) == (2 * 5 * 9, 2 * 5 * 9 * 64 * 64) and 0 < o["eyes"]["share"] < 1 and [e["name"] for e in o["eyes"]["eyes"]] == ["overview", "wrist"]'
grep -q "\"state_hash\": \"$hash\"" "$folder/out" || fail 'looking shows in the state'
seen=$(sed -n 's/.*"picture_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out")
[ "$(od -An -tu1 -j16 -N8 "$folder/run.png" | tr -s ' ')" = ' 0 0 7 134 0 0 4 60' ] || fail 'the picture of a run is not 1926 x 1084'
expect 0 'the same eyes' run $scene --envs 5 --seconds 0.4 --eyes --threads 1 --width 1 --quiet --json
grep -q "\"picture_hash\": \"$seen\"" "$folder/out" || fail 'width and threads show in what eyes see'
expect 0 'eyes of variants' run scenes/fleet.yaml --envs 8 --seconds 0.2 --eyes --quiet
grep -q 'an environment.s control step: physics .* us, eyes .* us' "$folder/out" || fail 'the cost of eyes is not told'
expect 2 'no eyes' run scenes/boxes.yaml --steps 1 --eyes
expect 2 'a camera for nothing' run $scene --steps 1 --camera overview
expect 1 'a picture without a folder' run $scene --steps 1 --picture "$folder/none/a.png"

# images per second: of each camera, at each size, with a hash that machines agree on
bench() { expect 0 'images per second' bench scenes/humanoid.yaml --eyes --envs 4 --warm-up 0.1 --steps 20 --runs 2 --quiet --json "$@"; }
bench
json '[(s["eyes"][0]["width"], s["images"]) for s in o["scenes"]] == [(64, 32), (128, 32)] and all(s["us_per_image"] > 0 and s["us_per_step"] > 0 for s in o["scenes"])'
seen=$(sed -n 's/.*"picture_hash": "\([0-9a-f]*\)".*/\1/p' "$folder/out" | head -n 1)
bench --eye-size 64 64 --threads 2 --width 1
json "len(o['scenes']) == 1 and o['scenes'][0]['picture_hash'] == '$seen'"
expect 2 'images of nothing' bench scenes/boxes.yaml --eyes --quiet
expect 2 'a size for nothing' bench scenes/humanoid.yaml --eye-size 64 64

# what cannot be written: told at once, or a disk that fills up
expect 1 'no such folder' render $scene --out "$folder/none/a.npy"
expect 1 'a folder' render $scene --out "$folder"
if [ -c /dev/full ]; then
    ln -s /dev/full "$folder/full.npy"
    expect 1 'a full disk' render $scene --camera wrist --out "$folder/full.npy"
    grep -q 'No space left' "$folder/err" || fail 'a full disk is not named'
fi
if [ "$(id -u)" != 0 ]; then # the superuser may write anywhere
    mkdir "$folder/locked" && chmod a-w "$folder/locked"
    expect 1 'a folder that is locked' render $scene --size 32 32 --out "$folder/locked/a.png"
fi
# a limit of the size of files instead of a disk
(ulimit -f 8 && trap '' XFSZ && "$nuri" render $scene --size 400 300 --out "$folder/big.npy" >"$folder/out" 2>"$folder/err" </dev/null)
[ $? -eq 1 ] || fail 'a file that could not grow: status'
nothing_left big.npy

# films
if ! "$nuri" render $scene --seconds 0 --size 32 32 --out "$folder/a.mp4" --json >"$folder/out" 2>"$folder/err" && grep -q 'built without OpenH264' "$folder/err"; then
    printf 'films are not tested: the program was built without OpenH264\n'
    exit $((problems > 0))
fi
json 'o["pictures"] == 1 and o["interrupted"] is False'
cat >"$folder/boxes.py" <<'PYTHON'
# The boxes of an MP4 as far as tables of pictures: coder, sides, number of pictures, units per second, length of one, whether all bytes are there.
import struct, sys
data = open(sys.argv[1], 'rb').read()
inside = {}
def walk(start, end):
    while start < end:
        size, name, head = *struct.unpack('>I4s', data[start:start + 8]), 8
        if size == 1: size, head = struct.unpack('>Q', data[start + 8:start + 16])[0], 16
        assert head <= size <= end - start, name
        inside[name] = (start + head, start + size)
        if name in (b'moov', b'trak', b'mdia', b'minf', b'stbl'): walk(start + head, start + size)
        start += size
    assert start == end
walk(0, len(data))
u32 = lambda name, at: struct.unpack('>I', data[inside[name][0] + at:inside[name][0] + at + 4])[0]
count = u32(b'stsz', 8)
sizes = [u32(b'stsz', 12 + 4 * k) for k in range(count)]
start, = struct.unpack('>Q', data[inside[b'co64'][0] + 8:inside[b'co64'][0] + 16])
assert start == inside[b'mdat'][0] and sum(sizes) == inside[b'mdat'][1] - start
assert data[inside[b'stsd'][0] + 12:inside[b'stsd'][0] + 16] == b'avc1' and u32(b'stss', 8) == 1
for size in sizes:                               # each picture is whole units
    end = start + size
    while start < end: start += 4 + struct.unpack('>I', data[start:start + 4])[0]
    assert start == end
width, height = struct.unpack('>HH', data[inside[b'stsd'][0] + 40:inside[b'stsd'][0] + 44])
print(width, height, count, u32(b'mdhd', 12), u32(b'stts', 12), u32(b'mvhd', 16))
PYTHON
# boxes FILE TEXT: what boxes.py says of it.
boxes() { [ "$(python3 "$folder/boxes.py" "$1" 2>&1)" = "$2" ] || fail "film $1: $(python3 "$folder/boxes.py" "$1" 2>&1 | tail -n 1) instead of $2"; }
boxes "$folder/a.mp4" '32 32 1 30000 1000 33'
expect 0 'a film' render $scene --camera wrist --seconds 0.5 --fps 20 --out "$folder/a.mp4" --json
json 'o["pictures"] == 11 and o["width"] == 64 and o["bytes"] > 1000'
boxes "$folder/a.mp4" '64 64 11 20000 1000 550'
expect 0 'the same film' render $scene --camera wrist --seconds 0.5 --fps 20 --out "$folder/b.mp4" --threads 1 --width 1
cmp -s "$folder/a.mp4" "$folder/b.mp4" || fail 'the same film has other bytes'
expect 0 'a fast film of a sheet' render scenes/boxes.yaml --envs 3 --seconds 0.8 --speed 4 --fps 12.5 --size 33 25 --out "$folder/c.mp4"
boxes "$folder/c.mp4" '68 52 3 12500 1000 240'
expect 0 'odd sides' render scenes/boxes.yaml --seconds 0.1 --size 33 25 --out "$folder/c.mp4"
boxes "$folder/c.mp4" '34 26 4 30000 1000 133'
grep -q "a film's sides are even" "$folder/err" || fail 'odd sides are not told'
rm "$folder"/*.mp4
expect 2 'no pictures per second' render $scene --fps 0 --out "$folder/z.mp4"
expect 2 'too large a film' render $scene --size 8000 8000 --seconds 1 --out "$folder/z.mp4"
expect 2 'a film with Vulkan' render $scene --raster --out "$folder/z.mp4"
expect 1 'a film without a folder' render $scene --out "$folder/none/z.mp4"
(ulimit -f 8 && trap '' XFSZ && "$nuri" render $scene --size 320 240 --seconds 5 --out "$folder/z.mp4" >"$folder/out" 2>"$folder/err" </dev/null)
[ $? -eq 1 ] || fail 'a film that could not grow: status'
nothing_left z.mp4
timeout --preserve-status -s INT 5 "$nuri" render $scene --camera wrist --seconds 100000 --out "$folder/long.mp4" --json >"$folder/out" 2>"$folder/err" </dev/null || fail 'status of a film after Ctrl-C'
json 'o["interrupted"] is True and o["pictures"] > 1'
python3 "$folder/boxes.py" "$folder/long.mp4" >"$folder/boxes" || fail 'a film after Ctrl-C is damaged'

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
