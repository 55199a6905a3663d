"""Pictures of assets/objects/textures, and the one that the mobile base has: python3 assets/make/textures.py (needs NumPy, Debian's python3-numpy)"""
import os
import shutil
import struct
import zlib
import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "objects", "textures")


def write_png(name, image):
    """8 bits per channel, from numbers in 0 .. 1 of shape (rows, columns, 3)."""
    data = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
    # each row as its difference to the row above (filter 2), which packs better
    rows = np.diff(data.astype(np.int16), axis=0, prepend=0).astype(np.uint8).reshape(len(data), -1)
    rows = np.hstack([np.full((len(rows), 1), 2, np.uint8), rows])
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", data.shape[1], data.shape[0], 8, 2, 0, 0, 0)
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + chunk(b"IEND", b""))


def noise(random, size, sigma_x, sigma_y):
    """Smooth noise that repeats at the edges: deviation 1, correlated over (sigma_x, sigma_y) pixels."""
    f = np.fft.fftfreq(size)
    smooth = np.exp(-2 * np.pi**2 * ((f * sigma_x)[None, :] ** 2 + (f * sigma_y)[:, None] ** 2))
    out = np.fft.ifft2(np.fft.fft2(random.standard_normal((size, size))) * smooth).real
    return (out - out.mean()) / out.std()


def colour(value, low, high):
    return np.array(low) + np.asarray(value)[..., None] * (np.array(high) - np.array(low))


def smoothstep(x, low, high):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


random = np.random.default_rng(2024)

# Floor of a hall, one picture = 1 m: poured concrete with a fine line at the edge and a cross in the middle of each quarter.
n = 512
y, x = np.mgrid[0:n, 0:n] / n
concrete = 0.5 + 0.06 * noise(random, n, 60, 60) + 0.05 * noise(random, n, 12, 12) + 0.035 * noise(random, n, 0.8, 0.8)
floor = colour(concrete, (0.62, 0.63, 0.65), (0.8, 0.81, 0.82))
edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
to_cross = lambda a: np.abs((a * 2) % 1 - 0.5)
cross = np.minimum(np.maximum(to_cross(x) / 0.006, to_cross(y) / 0.04), np.maximum(to_cross(y) / 0.006, to_cross(x) / 0.04))
line = np.maximum(1 - smoothstep(edge, 0.003, 0.006), 0.6 * (1 - smoothstep(cross, 0.8, 1.2)))
write_png("floor_grid.png", floor * (1 - line[..., None]) + np.array([0.45, 0.48, 0.52]) * line[..., None])

# Brushed metal: long scratches along x.
n = 256
brushed = 0.5 + 0.12 * noise(random, n, 40, 0.6) + 0.07 * noise(random, n, 12, 0.4) + 0.03 * noise(random, n, 30, 30)
write_png("brushed.png", colour(brushed, (0.56, 0.57, 0.6), (0.86, 0.87, 0.89)))

# Hazard stripes at 45 degrees, two periods a side, a little worn.
y, x = np.mgrid[0:n, 0:n] / n
wave = np.abs(((x + y) * 2) % 1 - 0.5)
yellow = smoothstep(wave, 0.245, 0.255)
worn = 1 - 0.05 * np.abs(noise(random, n, 3, 3)) - 0.03 * np.abs(noise(random, n, 25, 25))
write_png("hazard.png", colour(yellow, (0.1, 0.1, 0.11), (0.96, 0.74, 0.1)) * worn[..., None])
# a model finds its textures in its own folder
shutil.copy(os.path.join(FOLDER, "hazard.png"), os.path.join(FOLDER, "..", "..", "robots", "amr", "textures"))

# Beech worktop: glued staves along x, eight in the picture's height, each with its own shade and grain.
n = 512
y, x = np.mgrid[0:n, 0:n] / n
stave = (y * 8).astype(int)
offset = random.uniform(0, 1, 8)
piece = ((x + offset[stave]) * 2).astype(int) % 2
shade = random.uniform(-0.16, 0.16, (8, 2))[stave, piece]
bend = 0.03 * noise(random, n, 90, 20)
rings = 0.5 + 0.5 * np.sin(2 * np.pi * ((y * 8) % 1 * random.uniform(2, 5, (8, 2))[stave, piece] + 9 * bend))
wood = 0.55 + shade + 0.1 * rings + 0.05 * noise(random, n, 30, 0.7) + 0.03 * noise(random, n, 8, 0.6)
joint_x = np.abs(((x + offset[stave]) * 2) % 1 - 0.5)
joint = np.maximum(smoothstep(np.abs((y * 8) % 1 - 0.5), 0.485, 0.5), smoothstep(joint_x, 0.497, 0.5))
write_png("wood.png", colour(wood - 0.25 * joint, (0.56, 0.38, 0.23), (0.9, 0.72, 0.51)))
