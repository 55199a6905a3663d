"""Arrays in the memory of a GPU, for torch, CuPy, JAX: not a copy, at an address that stays. Not tested on a GPU."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .error import refused

_CUDA = 2   # kDLCUDA


class DeviceArray:
    """Numbers of a world on its GPU. ``torch.from_dlpack(array)`` is a tensor of the same memory; ``array.get()`` a NumPy copy.

    What is put into the stream that took the array comes before the world's next work, and after its last: no other synchronisation is needed. Basic
    slices (``array[:, 2:5]``) are views.
    """

    def __init__(self, table: Any, name: str, shape: tuple[int, ...], strides: tuple[int, ...] | None = None, offset: int = 0) -> None:
        self._table, self._name, self._offset = table, name, offset
        self.shape = tuple(shape)
        self.strides = tuple(strides) if strides is not None else tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))   # in numbers
        self.dtype = np.dtype(table.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CUDA, self._table.device

    def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None, dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        if copy:
            raise BufferError("the world's memory is shared, not copied")
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"the array lies on device {self.__dlpack_device__()}")
        if stream == 0:
            raise BufferError("stream 0 is ambiguous: 1 is CUDA's legacy default stream, 2 that of each thread")
        view = self._table.view(self._offset, self.shape, self.strides)
        if view is None:
            raise BufferError("an array without numbers has no place on a GPU")
        self._table.join(1 if stream is None else stream)
        return view.__dlpack__(max_version=max_version)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        address = self._table.address + self.dtype.itemsize * self._offset
        strides = tuple(self.dtype.itemsize * s for s in self.strides)
        return {"shape": self.shape, "typestr": self.dtype.str, "data": (address, False), "version": 3, "strides": strides, "stream": self._table.stream or None}

    def __getitem__(self, where: Any) -> DeviceArray:
        keys = where if isinstance(where, tuple) else (where,)
        if len(keys) > self.ndim:
            raise IndexError(f"{len(keys)} indices for {self.ndim} dimensions")
        shape, strides, offset = [], [], self._offset
        for k, (count, stride) in enumerate(zip(self.shape, self.strides)):
            key = keys[k] if k < len(keys) else slice(None)
            if isinstance(key, slice):
                first, end, step = key.indices(count)
                if step < 1:
                    raise IndexError("steps of slices are positive")
                shape.append(max(0, -(-(end - first) // step)))
                strides.append(stride * step)
            else:
                first = operator.index(key)
                first += count if first < 0 else 0
                if not 0 <= first < count:
                    raise IndexError(f"{key} is not below {count}")
            offset += stride * first
        return DeviceArray(self._table, self._name, tuple(shape), tuple(strides), offset)

    def __setitem__(self, where: Any, value: Any) -> None:
        raise refused("on-gpu", "an array on a GPU is written by who works there", "tensor = torch.from_dlpack(array), once; then tensor[..] = ..")

    def get(self) -> np.ndarray:
        """A copy in the memory of the host."""
        whole, strides = self._table.get(), tuple(self.dtype.itemsize * s for s in self.strides)
        return np.lib.stride_tricks.as_strided(whole[self._offset :], self.shape, strides, writeable=False).copy() if self.size else np.empty(self.shape, self.dtype)

    def __repr__(self) -> str:
        return f"<nuri.DeviceArray {self._name} {list(self.shape)} {self.dtype} on cuda:{self._table.device}>"
