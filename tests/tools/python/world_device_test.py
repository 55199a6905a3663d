"""Arrays on a GPU, as far as that can be seen without one: shapes, slices, what the protocols are told."""

from __future__ import annotations

import numpy as np
import pytest

from nuri.device import DeviceArray


class Inside:
    """A world whose state a NumPy array stands for."""

    def __init__(self, rows=5, columns=12):
        self.data = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)

    def field(self, bucket, name):
        return self.data


def seen(array: DeviceArray) -> np.ndarray:
    """What a consumer of the pointer, the shape and the strides would read."""
    whole = array._inside.data.reshape(-1)
    return np.lib.stride_tricks.as_strided(whole[array._offset :], array.shape, tuple(4 * s for s in array.strides))


@pytest.mark.parametrize("where", [
    np.s_[:], np.s_[2], np.s_[-1], np.s_[:, 3], np.s_[:, 2:5], np.s_[1:4, ::2], np.s_[::2, 1::3], np.s_[3, 4:], np.s_[2, -3], np.s_[:, 5:2], np.s_[4:1]])
def test_slices_are_numpys(where):
    inside = Inside()
    array, expected = DeviceArray(inside, 0, "qpos", 0, (5, 12))[where], inside.data[where]
    assert array.shape == expected.shape and array.size == expected.size and array.ndim == expected.ndim
    if expected.size:
        assert (seen(array) == expected).all()


def test_slices_of_slices():
    inside = Inside()
    bodies, expected = DeviceArray(inside, 0, "xpos", 0, (5, 4, 3)), inside.data.reshape(5, 4, 3)
    assert (seen(bodies[:, 2]) == expected[:, 2]).all() and (seen(bodies[:, 1:3, 2][::2]) == expected[:, 1:3, 2][::2]).all()
    for wrong in (5, -6, np.s_[:, 4], np.s_[:, :, :, 0]):
        with pytest.raises(IndexError):
            bodies[wrong]
    with pytest.raises(Exception, match="torch.from_dlpack"):
        bodies[0] = 1


def test_refusals_of_the_protocol():
    array = DeviceArray(Inside(), 0, "qpos", 3, (5, 12))
    assert array.__dlpack_device__() == (2, 3)
    for arguments in ({"copy": True}, {"dl_device": (1, 0)}, {"stream": 0}):
        with pytest.raises(BufferError):
            array.__dlpack__(**arguments)
