"""python -m nuri.lerobot FILE.h5 DIR: a recording as a LeRobot dataset, format v3.0.

Needs h5py and pyarrow (``pip install nuri[lerobot]``); with ``ffmpeg`` in PATH pictures become videos, otherwise images in the tables.

=====================  ======================================================================================================
observation.state      lists of numbers of ``obs``, one after the other by name (or those of --state); without any, ``states``
observation.images.X   pictures ``obs/X_image``; depth and segmentation, for which LeRobot has no feature, are left out
action                 ``actions``
next.reward, .done     ``rewards``, ``dones``
=====================  ======================================================================================================

Frames are samples of the recording, or at --fps those that had been taken by then. Format: github.com/huggingface/lerobot, docs/source/
lerobot-dataset-v3.mdx.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np

from .error import Error, refused

VERSION = "v3.0"
CHUNK = 1000  # files of a folder
DATA_MB, VIDEO_MB = 100, 200  # most of a file
VIDEO_FRAMES = 50_000  # of a video file
MOST_PICTURES = 200  # of an episode that its statistics look at
QUANTILES = (0.01, 0.10, 0.50, 0.90, 0.99)


class Moments:
    """Statistics of one feature, as meta/stats.json has them."""

    def __init__(self, values: np.ndarray, frames: int) -> None:
        v = values.astype(np.float64)
        self.count, self.frames = len(v), frames
        self.low, self.high = v.min(0), v.max(0)
        self.sum, self.square = v.sum(0), (v * v).sum(0)
        self.quantiles = np.quantile(v, QUANTILES, axis=0)

    def add(self, other: Moments) -> None:
        # quantiles of the whole would need all values: the mean of the episodes', weighted by their frames, as LeRobot does it
        self.quantiles = (self.quantiles * self.frames + other.quantiles * other.frames) / (self.frames + other.frames)
        self.count, self.frames = self.count + other.count, self.frames + other.frames
        self.low, self.high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        self.sum, self.square = self.sum + other.sum, self.square + other.square

    def table(self) -> dict[str, list]:
        mean = self.sum / self.count
        std = np.sqrt(np.maximum(self.square / self.count - mean * mean, 0))
        out = {"min": self.low, "max": self.high, "mean": mean, "std": std, "count": np.array([self.frames])}
        out |= {f"q{round(100 * q):02d}": v for q, v in zip(QUANTILES, self.quantiles)}
        return {k: v.tolist() for k, v in out.items()}


def picture_moments(pictures: np.ndarray, frames: int) -> Moments:
    """Of colours from 0 to 1, over frames and pixels, shaped [3, 1, 1]."""
    m = Moments(pictures.reshape(-1, pictures.shape[-1])[:, :, None, None] / 255.0, frames)
    return m


def png(picture: np.ndarray) -> bytes:
    """[H, W, 3] uint8 as a PNG file."""
    height, width, _ = picture.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], 1).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")


class Video:
    """Frames piped to ffmpeg, many episodes in one file."""

    def __init__(self, path: Path, fps: int, height: int, width: int, codec: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"libsvtav1": ["-preset", "12", "-crf", "30"], "libx264": ["-preset", "fast", "-crf", "23"]}.get(codec, ["-q:v", "4"])
        self.path, self.frames = path, 0
        self.process = subprocess.Popen(
            [
                "ffmpeg",
                "-y",
                "-loglevel",
                "error",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "rgb24",
                "-s",
                f"{width}x{height}",
                "-r",
                str(fps),
                "-i",
                "-",
                "-an",
                "-c:v",
                codec,
                *options,
                "-g",
                "2",
                "-pix_fmt",
                "yuv420p",
                str(path),
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def add(self, pictures: np.ndarray) -> None:
        try:
            self.process.stdin.write(np.ascontiguousarray(pictures).tobytes())
        except BrokenPipeError:
            self.close()
        self.frames += len(pictures)

    def close(self) -> None:
        _, said = self.process.communicate()
        if self.process.returncode != 0:
            raise refused(
                "cannot-write",
                f"ffmpeg failed: {said.decode(errors='replace').strip()[:500]}",
                "--images writes pictures without it",
                str(self.path),
            )


def codec() -> str | None:
    """The best of ffmpeg's encoders that LeRobot's readers decode; None: no ffmpeg."""
    if not shutil.which("ffmpeg"):
        return None
    known = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, text=True).stdout
    return next((name for name in ("libsvtav1", "libx264", "mpeg4") if f" {name} " in known), None)


class Source:
    """What a recording has for LeRobot, checked."""

    def __init__(self, path: str, state: list[str], fps: int | None) -> None:
        import h5py

        self.path = path
        try:
            self.file = h5py.File(path, "r")
        except OSError as error:
            raise refused("cannot-read", f"it cannot be opened: {error}", "", path) from None
        if "data" not in self.file or "nuri" not in self.file:
            raise refused(
                "not-a-recording", "it has no groups 'data' and 'nuri'", "nuri run SCENE --record FILE.h5 writes recordings", path
            )
        info = self.file["nuri"].attrs
        self.name = str(info["name"])
        self.rate = 1 / (float(info["control_period"]) * int(info.get("every", 1)))
        demos = [
            d
            for d in self.file["data"]
            if d.startswith("demo_") and d[5:].isdigit() and int(self.file["data"][d].attrs.get("num_samples", 0)) > 0
        ]
        self.demos = [self.file["data"][d] for d in sorted(demos, key=lambda d: int(d[5:]))]
        if not self.demos:
            raise refused("nothing-recorded", "no episode in it came to its end", "", path)
        if fps is None:
            fps = round(self.rate)
            if fps < 1 or abs(fps - self.rate) > 1e-6 * self.rate:
                raise refused(
                    "bad-rate",
                    f"its samples come at {self.rate:g} Hz, LeRobot wants a whole number",
                    f"--fps {max(1, math.floor(self.rate))} takes the samples that fit",
                    path,
                )
        elif fps > self.rate * (1 + 1e-9):
            raise refused("bad-rate", f"--fps {fps}: its samples come at {self.rate:g} Hz", "record with a higher --record-rate", path)
        self.fps = fps
        first = self.demos[0]
        obs = first["obs"] if "obs" in first else {}
        self.cameras = [k for k in obs if k.endswith("_image") and obs[k].dtype == np.uint8 and obs[k].ndim == 4 and obs[k].shape[3] == 3]
        numbers = [k for k in obs if k not in self.cameras and obs[k].ndim <= 2 and obs[k].dtype.kind == "f"]
        self.left_out = [k for k in obs if k not in self.cameras and k not in numbers] + [f"signals/{k}" for k in first.get("signals", ())]
        for key in state:
            if key not in numbers:
                raise refused("unknown-name", f"--state {key}: there is no such list of numbers", "there are " + ", ".join(numbers), path)
        keys = state or numbers
        self.state = [f"obs/{k}" for k in keys] or ["states"]
        self.state_names = [n for k in self.state for n in self.names(first[k], k.removeprefix("obs/"))]
        self.action_names = self.names(first["actions"], "action")

    @staticmethod
    def names(data, name: str) -> list[str]:
        width = 1 if data.ndim == 1 else data.shape[1]
        try:
            said = json.loads(data.attrs["columns"])
            if isinstance(said, list) and len(said) == width:
                return [f"{name}.{n}" if name != "action" else str(n) for n in said]
        except (KeyError, ValueError, TypeError):
            pass
        return [name] if width == 1 else [f"{name}.{i}" for i in range(width)]

    def rows(self, demo) -> np.ndarray:
        """Which samples are frames."""
        samples = int(demo.attrs["num_samples"])
        count = math.floor((samples - 1) * self.fps / self.rate + 1e-9) + 1
        return np.floor(np.arange(count) * self.rate / self.fps + 1e-9).astype(np.int64)

    def numbers(self, demo, keys: list[str], rows: np.ndarray) -> np.ndarray:
        parts = [demo[k][:][rows] for k in keys]
        return np.concatenate([p.reshape(len(rows), -1) for p in parts], 1).astype(np.float32)


def features(source: Source, video: str | None) -> dict:
    def numbers(dtype: str, names: list[str] | None, width: int = 1) -> dict:
        return {"dtype": dtype, "shape": [width], "names": names}

    out = {
        "observation.state": numbers("float32", source.state_names, len(source.state_names)),
        "action": numbers("float32", source.action_names, len(source.action_names)),
    }
    for key in source.cameras:
        height, width = source.demos[0]["obs"][key].shape[1:3]
        feature = {"dtype": "video" if video else "image", "shape": [height, width, 3], "names": ["height", "width", "channels"]}
        if video:
            feature["info"] = {
                "video.height": height,
                "video.width": width,
                "video.codec": {"libsvtav1": "av1", "libx264": "h264"}.get(video, video),
                "video.pix_fmt": "yuv420p",
                "video.is_depth_map": False,
                "video.fps": source.fps,
                "video.channels": 3,
                "has_audio": False,
            }
        out[f"observation.images.{key.removesuffix('_image')}"] = feature
    out |= {"next.reward": numbers("float32", None), "next.done": numbers("bool", None), "timestamp": numbers("float32", None)}
    return out | {k: numbers("int64", None) for k in ("frame_index", "episode_index", "index", "task_index")}


def write_tasks(path: Path, tasks: list[str]) -> None:
    """As pandas would write a frame whose index is the tasks: LeRobot looks them up by it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks, pa.string())})
    columns = [
        {"name": n, "field_name": n, "pandas_type": p, "numpy_type": t, "metadata": None}
        for n, p, t in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    note = {
        "index_columns": ["task"],
        "column_indexes": [
            {"name": None, "field_name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}
        ],
        "columns": columns,
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.0.0",
    }
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(note)}), path)


class Places:
    """Which chunk and file comes next."""

    def __init__(self) -> None:
        self.chunk, self.file = 0, 0

    def path(self, root: Path, ending: str) -> Path:
        return root / f"chunk-{self.chunk:03d}" / f"file-{self.file:03d}.{ending}"

    def next(self) -> None:
        self.file += 1
        if self.file == CHUNK:
            self.chunk, self.file = self.chunk + 1, 0


def convert(
    recording: str | os.PathLike,
    out: str | os.PathLike,
    *,
    fps: int | None = None,
    task: str | None = None,
    state: list[str] | None = None,
    successes: bool = False,
    images: bool = False,
) -> dict:
    """Writes the dataset; what meta/info.json says. The folder must not be there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = Source(str(recording), state or [], fps)
    fps = source.fps
    demos = [d for d in source.demos if not successes or d.attrs.get("success", 0)]
    if not demos:
        raise refused("nothing-recorded", "no episode in it reached its goals", "leave out --successes", source.path)
    out = Path(out)
    if out.exists():
        raise refused("file-exists", "it is there already", "name another folder", str(out))
    sizes = {k: source.demos[0]["obs"][k].shape[1:3] for k in source.cameras}
    even = all(h % 2 == 0 and w % 2 == 0 for h, w in sizes.values())  # as yuv420p has them
    video = codec() if source.cameras and even and not images else None
    task = task or source.name
    described = features(source, video)
    types = {
        "float32": pa.float32(),
        "int64": pa.int64(),
        "bool": pa.bool_(),
        "image": pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    }
    fields = []
    for name, f in described.items():
        if f["dtype"] != "video":
            kind = types[f["dtype"]]
            fields.append(pa.field(name, kind if f["dtype"] == "image" or f["shape"] == [1] else pa.list_(kind, f["shape"][0])))
    schema = pa.schema(fields)

    (out / "meta").mkdir(parents=True)
    places, writer, written = Places(), None, 0
    film_places = {k: Places() for k in source.cameras}
    films: dict[str, Video] = {}
    total: dict[str, Moments] = {}
    episodes, index = [], 0
    for number, demo in enumerate(demos):
        rows = source.rows(demo)
        n = len(rows)
        columns = {
            "observation.state": source.numbers(demo, source.state, rows),
            "action": source.numbers(demo, ["actions"], rows),
            "next.reward": demo["rewards"][:][rows].astype(np.float32),
            "next.done": demo["dones"][:][rows] != 0,
            "timestamp": (np.arange(n) / fps).astype(np.float32),
            "frame_index": np.arange(n),
            "episode_index": np.full(n, number),
            "index": np.arange(index, index + n),
            "task_index": np.zeros(n, np.int64),
        }
        columns["next.done"][-1] = True  # also where the last sample is no frame
        moments = {k: Moments(v.reshape(n, -1), n) for k, v in columns.items()}
        row = {"episode_index": number, "tasks": [task], "length": n, "dataset_from_index": index, "dataset_to_index": index + n}

        for key in source.cameras:
            name = f"observation.images.{key.removesuffix('_image')}"
            data, some = demo["obs"][key], rows[:: max(1, math.ceil(n / MOST_PICTURES))]
            moments[name] = picture_moments(np.stack([data[i] for i in some]), len(some))
            if not video:
                columns[name] = [{"bytes": png(data[i]), "path": f"frame-{f:06d}.png"} for f, i in enumerate(rows)]
                continue
            film, place = films.get(key), film_places[key]
            if film and (film.frames + n > VIDEO_FRAMES or film.path.stat().st_size > VIDEO_MB << 20):
                film.close()
                place.next()
                film = None
            if not film:
                film = films[key] = Video(place.path(out / "videos" / name, "mp4"), fps, *sizes[key], video)
            row |= {
                f"videos/{name}/chunk_index": place.chunk,
                f"videos/{name}/file_index": place.file,
                f"videos/{name}/from_timestamp": film.frames / fps,
                f"videos/{name}/to_timestamp": (film.frames + n) / fps,
            }
            for i in rows:
                film.add(data[i][None])

        arrays = []
        for field in schema:
            values = columns[field.name]
            if pa.types.is_fixed_size_list(field.type):
                arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).reshape(-1)), field.type.list_size))
            else:
                arrays.append(pa.array(values if isinstance(values, list) else values.reshape(-1), field.type))
        table = pa.Table.from_arrays(arrays, schema=schema)
        if writer and written + table.nbytes > DATA_MB << 20:
            writer.close()
            places.next()
            writer, written = None, 0
        if not writer:
            path = places.path(out / "data", "parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(path, schema)
        writer.write_table(table)
        written += table.nbytes
        row |= {
            "data/chunk_index": places.chunk,
            "data/file_index": places.file,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
        }
        for name, m in moments.items():
            row |= {f"stats/{name}/{k}": v for k, v in m.table().items()}
            if name in total:
                total[name].add(m)
            else:
                total[name] = m
        episodes.append(row)
        index += n
    writer.close()
    for film in films.values():
        film.close()

    path = Places().path(out / "meta" / "episodes", "parquet")
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(episodes), path)
    write_tasks(out / "meta" / "tasks.parquet", [task])
    info = {
        "codebase_version": VERSION,
        "robot_type": source.name,
        "total_episodes": len(demos),
        "total_frames": index,
        "total_tasks": 1,
        "chunks_size": CHUNK,
        "data_files_size_in_mb": DATA_MB,
        "video_files_size_in_mb": VIDEO_MB,
        "fps": fps,
        "splits": {"train": f"0:{len(demos)}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4" if video else None,
        "features": described,
    }
    (out / "meta" / "stats.json").write_text(json.dumps({k: m.table() for k, m in total.items()}, indent=4) + "\n")
    (out / "meta" / "info.json").write_text(json.dumps(info, indent=4) + "\n")  # the last: a folder without it is no dataset
    return info | {"left_out": source.left_out}


def main(words: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m nuri.lerobot", description="A recording as a LeRobot dataset, format v3.0.")
    p.add_argument("recording", metavar="FILE.h5", help="of nuri run --record")
    p.add_argument("out", metavar="DIR", help="a new folder")
    p.add_argument("--fps", type=int, metavar="N", help="frames per simulated second (default: as recorded)")
    p.add_argument("--task", metavar="TEXT", help="what is done, in words (default: the scene's name)")
    p.add_argument("--state", metavar="NAME,..", default="", help="which of the observations are the state (default: all lists of numbers)")
    p.add_argument("--successes", action="store_true", help="episodes that reached their goals only")
    p.add_argument("--images", action="store_true", help="pictures in the tables, no videos")
    asked = p.parse_args(words)
    if asked.fps is not None and asked.fps < 1:
        p.error("--fps is 1 at least")
    try:
        import h5py  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        print(f"error: {error}\n  hint: pip install h5py pyarrow", file=sys.stderr)
        return 1
    try:
        info = convert(
            asked.recording,
            asked.out,
            fps=asked.fps,
            task=asked.task,
            state=[k for k in asked.state.split(",") if k],
            successes=asked.successes,
            images=asked.images,
        )
    except Error as error:
        print(error, file=sys.stderr)
        return 2
    if info["left_out"]:
        print("left out, at another rate or of a kind that LeRobot has no feature for: " + ", ".join(info["left_out"]), file=sys.stderr)
    print(f"{info['total_episodes']} episodes, {info['total_frames']} frames at {info['fps']} Hz in {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
