"""Fetches model files that tests compare engines on, into build/data: pybullet_data, from the wheel of pybullet. Data only: nothing
of the package is built, installed or imported. Status 0: they are there; 1: they are not, and the last line says why.

    python tests/oracle/fetch_data.py
"""
import pathlib
import subprocess
import sys
import tempfile
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build/data"
PACKAGE, DATA = "pybullet==3.2.7", "pybullet_data"
KINDS = {".urdf", ".obj", ".stl", ".dae", ".mtl", ".png", ".jpg"}
# a wheel of one platform, whatever this machine is: its data are the same everywhere
WHEEL = ("--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11",
         "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_17_x86_64")


def complete():
    return (FOLDER / f".{PACKAGE}").exists()


def unpack(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            path = pathlib.PurePosixPath(entry)
            if path.parts[0] == DATA and path.suffix.lower() in KINDS and ".." not in path.parts:
                archive.extract(entry, FOLDER)


def fetch():
    """What went wrong, in words; empty if the files are there."""
    if complete():
        return ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", *WHEEL, "-d", folder, PACKAGE], capture_output=True, text=True)
        wheels = list(pathlib.Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            return f"{PACKAGE} could not be downloaded: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        unpack(wheels[0])
    (FOLDER / f".{PACKAGE}").touch()
    return ""


if __name__ == "__main__":
    reason = fetch()
    print(reason or f"{DATA} is in {FOLDER}")
    sys.exit(bool(reason))
