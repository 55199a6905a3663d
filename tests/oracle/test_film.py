"""Films that `nuri render` writes, decoded by FFmpeg (package av): their pictures are the stills of the same moments, but for coding."""
import json

import numpy as np
import pytest

import program

av = pytest.importorskip("av")
SCENE, FPS, SIZE = program.ROOT / "scenes/arm_cell.yaml", 25, (240, 136)

# Of 255. Measured at quantiser 16 on these pictures: brightness 0.87 on average and 31 at most (one edge that moves), colours 1.8 on
# average. A picture off by one in time gives 2.0 in brightness, colours by BT.601 2.15, red and blue swapped 21.
MEAN_BRIGHTNESS, MOST_BRIGHTNESS, MEAN_COLOUR = 1.1, 48, 2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if program.missing():
        pytest.skip(program.missing())
    return tmp_path_factory.mktemp("film")


def film(path, *arguments):
    try:
        return json.loads(program.run("render", SCENE, "--camera", "overview", "--out", path, "--fps", FPS, "--json", *arguments))
    except program.Refused as refused:
        if "OpenH264" in str(refused):
            pytest.skip(str(refused))
        raise


def decoded(path):
    """The track, and its pictures: brightness and the two differences of colour as numbers of 8 bits."""
    with av.open(str(path)) as container:
        track = container.streams.video[0]
        about = {"coder": track.codec_context.name, "count": track.frames, "rate": float(track.average_rate)}
        about["seconds"] = float(track.duration * track.time_base)
        pictures = []
        for frame in container.decode(video=0):
            assert frame.format.name == "yuv420p" and int(frame.colorspace) == 1 and int(frame.color_range) == 1   # BT.709, 16 .. 235
            rows = [np.array(plane, dtype=np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width] for plane in frame.planes]
            pictures.append([plane.astype(float) for plane in rows])
    return about, pictures


def still(path, *arguments):
    program.run("render", SCENE, "--camera", "overview", "--out", path, "--size", *SIZE, "--rays", 2, *arguments)
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(float)


def brightness(rgb):
    return 16 + 219 / 255 * (rgb @ [0.2126, 0.7152, 0.0722])


def colours(planes):
    """Red, green, blue by ITU-R BT.709; differences of colour are spread over two by two pixels."""
    y, blue, red = planes[0] - 16, *(np.kron(p - 128, np.ones((2, 2))) for p in planes[1:])
    y, blue, red = y * 255 / 219, blue * 255 / 224, red * 255 / 224
    r, b = y + 1.5748 * red, y + 1.8556 * blue
    return np.clip(np.stack([r, (y - 0.2126 * r - 0.0722 * b) / 0.7152, b], axis=-1), 0, 255)


def test_pictures_are_the_stills(folder):
    said = film(folder / "run.mp4", "--seconds", 1.2, "--size", *SIZE)
    about, pictures = decoded(folder / "run.mp4")
    assert about == {"coder": "h264", "count": 31, "rate": FPS, "seconds": pytest.approx(31 / FPS)}
    assert said["pictures"] == len(pictures) == 31
    for k in (0, 1, 15, 30):
        truth = still(folder / "still.png", "--seconds", k / FPS)
        error = np.abs(pictures[k][0] - brightness(truth))
        print(k, error.mean(), error.max(), np.abs(colours(pictures[k]) - truth).mean())
        assert error.mean() < MEAN_BRIGHTNESS and error.max() < MOST_BRIGHTNESS
        assert np.abs(colours(pictures[k]) - truth).mean() < MEAN_COLOUR


def test_speed_and_odd_sizes(folder):
    """Ten times as fast: fewer pictures of the same moments. Odd sides are filled up."""
    film(folder / "fast.mp4", "--seconds", 2, "--speed", 10, "--size", 97, 55)
    about, pictures = decoded(folder / "fast.mp4")
    assert about["count"] == 6 and pictures[0][0].shape == (56, 98)


def test_sheet(folder):
    """Tiles are the environments, each as its own still."""
    film(folder / "sheet.mp4", "--seconds", 0.2, "--sheet", "--envs", 4, "--size", *SIZE)
    _, pictures = decoded(folder / "sheet.mp4")
    gap = pictures[5][0].shape[1] - 2 * SIZE[0]
    truth = brightness(still(folder / "tile.png", "--env", 3, "--envs", 4, "--seconds", 0.2))
    tile = pictures[5][0][-SIZE[1]:, -SIZE[0]:]
    assert 0 < gap < 8 and np.abs(tile - truth).mean() < MEAN_BRIGHTNESS
