"""Curves and contact sheets as PNG files, with NumPy and zlib alone."""
from __future__ import annotations

import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

# Glyphs of 5 x 7 dots: seven rows of five bits, a digit in base 32 each (0-9, a-v). Rows of g, j, p, q, y end on the base line.
GLYPHS = {
    "0": "ehjlphe", "1": "4c4444e", "2": "eh1248v", "3": "v2421he", "4": "26aiv22", "5": "vgu11he", "6": "68guhhe", "7": "v124888",
    "8": "ehhehhe", "9": "ehhf12c", "A": "ehhvhhh", "B": "uhhuhhu", "C": "ehggghe", "D": "sihhhis", "E": "vgguggv", "F": "vgguggg",
    "G": "ehgnhhf", "H": "hhhvhhh", "I": "e44444e", "J": "72222ic", "K": "hikokih", "L": "ggggggv", "M": "hrllhhh", "N": "hhpljhh",
    "O": "ehhhhhe", "P": "uhhuggg", "Q": "ehhhlid", "R": "uhhukih", "S": "fgge11u", "T": "v444444", "U": "hhhhhhe", "V": "hhhhha4",
    "W": "hhhllla", "X": "hha4ahh", "Y": "hhha444", "Z": "v1248gv", "a": "00e1fhf", "b": "ggmphhu", "c": "00eghge", "d": "11djhhf",
    "e": "00ehvge", "f": "69e8888", "g": "00fhf1e", "h": "ggmphhh", "i": "40c444e", "j": "20622ic", "k": "ggikoki", "l": "c44444e",
    "m": "00qllhh", "n": "00mphhh", "o": "00ehhhe", "p": "00uhugg", "q": "00dhf11", "r": "00mpggg", "s": "00fge1u", "t": "88s8896",
    "u": "00hhhjd", "v": "00hhha4", "w": "00hhlla", "x": "00ha4ah", "y": "00hhf1e", "z": "00v248v", ".": "00000cc", ",": "0000cc8",
    "-": "000v000", "+": "044v440", "%": "op248j3", "(": "2488842", ")": "8422248", "/": "01248g0", ":": "0cc0cc0", "_": "000000v",
    "=": "00v0v00",
}
INK, FAINT, BLUE, GREEN = (40, 44, 52), (222, 225, 230), (31, 102, 181), (28, 140, 84)
FINE = 3   # drawn that much larger, then averaged


def write_png(path: Path, pixels: np.ndarray) -> None:
    """pixels: uint8 [height, width, 3]. The file is replaced at once, never half written."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)   # each row begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    data = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + chunk(b"IEND", b""))
    replace(path, data)


def replace(path: Path, data: bytes) -> None:
    """Writes a file beside `path`, then puts it in its place."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def contact_sheet(path: Path, frames: list[np.ndarray], columns: int = 4) -> None:
    """frames: uint8 [height, width, 3] each, row by row."""
    rows = [frames[i : i + columns] for i in range(0, len(frames), columns)]
    rows[-1] = rows[-1] + [np.full_like(frames[0], 255)] * (min(columns, len(frames)) - len(rows[-1]))
    write_png(path, np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0))


def draw_curves(path: Path, title: str, steps: np.ndarray, curves: dict[str, np.ndarray]) -> None:
    """One panel for each curve, over environment steps. What is not finite is left out."""
    panels = [(name, values) for name, values in curves.items() if np.isfinite(values).any()]
    width, panel_height = 720, 240
    sheet = _Sheet(width, 30 + panel_height * max(1, len(panels)))
    sheet.text(12, 9, title, INK)
    for i, (name, values) in enumerate(panels):
        _panel(sheet, 64, 50 + i * panel_height, width - 64 - 20, panel_height - 62, name, steps, values, (BLUE, GREEN)[i % 2])
    write_png(path, sheet.pixels())


def ticks(low: float, high: float, about: int = 5) -> np.ndarray:
    """Round numbers within [low, high], 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    return np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1) * step


def short(value: float) -> str:
    """1500000 -> 1.5M"""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.4g}{name}"
    return f"{value:.4g}"


def _panel(sheet: "_Sheet", left, top, width, height, name, steps, values, colour) -> None:
    shown = np.isfinite(values)
    steps, values = steps[shown], values[shown]
    x0, x1 = 0.0, max(float(steps[-1]), 1.0)
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    across = lambda v: left + (v - x0) / (x1 - x0) * width
    down = lambda v: top + height - (v - low) / (high - low) * height
    for y in ticks(low, high):
        sheet.line(left, down(y), left + width, down(y), FAINT, 1)
        label = short(float(y))
        sheet.text(left - 8 - 6 * len(label), down(y) - 3, label, INK)
    for x in ticks(x0, x1):
        label = short(float(x))
        sheet.text(across(x) - 3 * len(label), top + height + 8, label, INK)
    sheet.line(left, top + height, left + width, top + height, INK, 1)
    sheet.text(left, top - 14, name, colour)
    sheet.text(left + width - 6 * 17, top + height + 22, "environment steps", INK)
    xs, ys = across(steps), down(values)
    for i in range(len(xs) - 1):
        sheet.line(xs[i], ys[i], xs[i + 1], ys[i + 1], colour, 2)


class _Sheet:
    def __init__(self, width: int, height: int):
        self.fine = np.full((height * FINE, width * FINE, 3), 255, np.uint8)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour, thick: float) -> None:
        count = int(max(abs(x1 - x0), abs(y1 - y0)) * FINE) + 1
        share = np.linspace(0, 1, count + 1)
        size = max(1, round(thick * FINE))
        xs = np.round((x0 + (x1 - x0) * share) * FINE - size / 2).astype(int)
        ys = np.round((y0 + (y1 - y0) * share) * FINE - size / 2).astype(int)
        for dy in range(size):
            for dx in range(size):
                inside = (ys + dy >= 0) & (ys + dy < self.fine.shape[0]) & (xs + dx >= 0) & (xs + dx < self.fine.shape[1])
                self.fine[ys[inside] + dy, xs[inside] + dx] = colour

    def text(self, x: float, y: float, text: str, colour) -> None:
        x, y = round(x), round(y)
        for i, letter in enumerate(text):
            for row, bits in enumerate(GLYPHS.get(letter, "0000000")):
                for column in range(5):
                    if int(bits, 32) >> (4 - column) & 1:
                        top, left = (y + row) * FINE, (x + 6 * i + column) * FINE
                        self.fine[max(0, top) : max(0, top + FINE), max(0, left) : max(0, left + FINE)] = colour

    def pixels(self) -> np.ndarray:
        height, width, _ = self.fine.shape
        blocks = self.fine.reshape(height // FINE, FINE, width // FINE, FINE, 3).astype(np.float32)
        return np.round(blocks.mean(axis=(1, 3))).astype(np.uint8)
