"""Arrays on a GPU, as far as that can be seen without one: shapes, slices, what the protocols are told."""

from __future__ import annotations

import numpy as np
import pytest

from nuri.device import DeviceArray


class Table:
    """A table on a GPU, which a NumPy array stands for."""

    device, stream = 3, 0

    def __init__(self, rows=5, columns=12, dtype="float32"):
        self.data, self.dtype = np.arange(rows * columns, dtype=dtype).reshape(rows, columns), dtype

    @property
    def address(self):
        return self.data.ctypes.data

    def get(self):
        return self.data.reshape(-1).copy()


class Pointer:
    """What a consumer of __cuda_array_interface__ reads, if the address were the host's."""

    def __init__(self, array: DeviceArray):
        self.array, interface = array, array.__cuda_array_interface__
        assert interface["version"] == 3 and interface["stream"] is None
        self.__array_interface__ = {key: interface[key] for key in ("shape", "typestr", "data", "version", "strides")}


@pytest.mark.parametrize("where", [
    np.s_[:], np.s_[2], np.s_[-1], np.s_[:, 3], np.s_[:, 2:5], np.s_[1:4, ::2], np.s_[::2, 1::3], np.s_[3, 4:], np.s_[2, -3], np.s_[:, 5:2], np.s_[4:1]])
def test_slices_are_numpys(where):
    for dtype in ("float32", "int32", "uint64"):
        table = Table(dtype=dtype)
        array, expected = DeviceArray(table, "qpos", (5, 12))[where], table.data[where]
        assert array.shape == expected.shape and array.size == expected.size and array.ndim == expected.ndim and array.dtype == expected.dtype
        assert (array.get() == expected).all()
        if expected.size:
            assert (np.asarray(Pointer(array)) == expected).all()


def test_slices_of_slices():
    table = Table()
    bodies, expected = DeviceArray(table, "xpos", (5, 4, 3)), table.data.reshape(5, 4, 3)
    for mine, its in ((bodies[:, 2], expected[:, 2]), (bodies[:, 1:3, 2][::2], expected[:, 1:3, 2][::2])):
        assert (np.asarray(Pointer(mine)) == its).all() and (mine.get() == its).all()
    for wrong in (5, -6, np.s_[:, 4], np.s_[:, :, :, 0]):
        with pytest.raises(IndexError):
            bodies[wrong]
    with pytest.raises(Exception, match="torch.from_dlpack"):
        bodies[0] = 1


def test_refusals_of_the_protocol():
    array = DeviceArray(Table(), "qpos", (5, 12))
    assert array.__dlpack_device__() == (2, 3) and repr(array) == "<nuri.DeviceArray qpos [5, 12] float32 on cuda:3>"
    for arguments in ({"copy": True}, {"dl_device": (1, 0)}, {"stream": 0}):
        with pytest.raises(BufferError):
            array.__dlpack__(**arguments)
