"""Fetches model files that tests compare engines on, into build/data: what wheels of packages hold of them. Nothing of a package is
built or installed; of metaworld the Python files are there too (scripted.py). Status 0: they are there; 1: some are not, and the last
lines say why.

    python tests/oracle/fetch_data.py [FOLDER...]     all but robosuite, which is large; --all
"""
import pathlib
import subprocess
import sys
import tempfile
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build/data"
DATA = "pybullet_data"
KINDS = {".urdf", ".xml", ".obj", ".stl", ".msh", ".dae", ".mtl", ".png", ".jpg", ".jpeg"}
# folder: (package, what is unpacked, kinds of files)
PACKAGES = {
    DATA: ("pybullet==3.2.7", DATA, KINDS),
    "gymnasium_robotics": ("gymnasium-robotics==1.4.2", "gymnasium_robotics/envs", KINDS),
    "metaworld": ("metaworld==3.1.1", "metaworld", KINDS | {".py"}),           # its scripted policies: scripted.py
    "robosuite": ("robosuite==1.5.2", "robosuite/models", KINDS),
}
LARGE = ("robosuite",)                              # 500 MB
PACKAGE = PACKAGES[DATA][0]
# a wheel of one platform, whatever this machine is: its data are the same everywhere
WHEEL = ("--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11",
         "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_17_x86_64")


def stamp(name):
    package, _, kinds = PACKAGES[name]
    return FOLDER / f".{package}-with-{'python' if '.py' in kinds else 'xml'}"


def complete(name=DATA):
    return stamp(name).exists()


def unpack(wheel, within, kinds):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            path = pathlib.PurePosixPath(entry)
            if path.is_relative_to(within) and path.suffix.lower() in kinds and ".." not in path.parts:
                archive.extract(entry, FOLDER)


def fetch(name=DATA):
    """What went wrong, in words; empty if the files are there."""
    package, within, kinds = PACKAGES[name]
    if complete(name):
        return ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", *WHEEL, "-d", folder, package], capture_output=True, text=True)
        wheels = list(pathlib.Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            return f"{package} could not be downloaded: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        unpack(wheels[0], within, kinds)
    stamp(name).touch()
    return ""


if __name__ == "__main__":
    asked = [a for a in sys.argv[1:] if a != "--all"] or [n for n in PACKAGES if "--all" in sys.argv or n not in LARGE]
    if unknown := [a for a in asked if a not in PACKAGES]:
        raise SystemExit(f"unknown {unknown[0]}; there are {' '.join(PACKAGES)}")
    reasons = {name: fetch(name) for name in asked}
    for name, reason in reasons.items():
        print(reason or f"{name} is in {FOLDER}")
    sys.exit(any(reasons.values()))
