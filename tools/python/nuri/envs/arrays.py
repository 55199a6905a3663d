"""One text for NumPy and torch: what the two do differently when arrays are made, copied, checked and moved.

Arrays of a World lie at addresses that stay. `view` shows them without a copy; so what it returns changes when the world does, and what
is handed to a learner is copied (`copy`) unless `nuri.make(..., copy=False)` says otherwise.

A world on a GPU has its state, ports, draws and counters there, and a step of tensors copies nothing to or from the host but the mask of what has
ended, a byte per environment, and the rows of the environments that begin anew. Where a scene's link keeps a port on the host, its tables are
copied to and fro (`fetch`, `send`). Not tested on a GPU.
"""
from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np

from nuri.device import DeviceArray

Array = Any  # numpy.ndarray or torch.Tensor

_signed = {"uint16": "int16", "uint32": "int32", "uint64": "int64"}  # torch computes hardly anything with these


class Arrays:
    """Arrays of one kind: `kind` is "numpy" or "torch"; `xp` that module; `device` where torch tensors lie."""

    def __init__(self, kind: str, device: str = "cpu"):
        if kind not in ("numpy", "torch"):
            raise ValueError(f"array={kind!r}: 'numpy' or 'torch'")
        if kind == "numpy" and device != "cpu":
            raise ValueError("the world's state is on a GPU, where NumPy arrays cannot be: array='torch'")
        self.kind, self.device = kind, device
        self.shares_host = device == "cpu"   # with the world's tables
        if kind == "torch":
            import torch

            self.xp: Any = torch
        else:
            self.xp = np

    def view(self, array: Any) -> Array:
        """The same memory as an array of this kind; a copy of host memory if tensors lie on a GPU. Unsigned integers of more than 8 bits
        appear as signed ones in torch."""
        if self.kind == "numpy":
            return array if isinstance(array, np.ndarray) else np.from_dlpack(array)
        if isinstance(array, self.xp.Tensor):
            return array
        if isinstance(array, np.ndarray):
            if array.dtype.name in _signed:
                array = array.view(_signed[array.dtype.name])
            with warnings.catch_warnings():  # torch has no tensors that are only read: what must not be written is not
                warnings.filterwarnings("ignore", message=".*not writable.*")
                return self.xp.from_numpy(array).to(self.device)
        if isinstance(array, DeviceArray) and array.size == 0:   # has no place
            return self.full(array.shape, 0, array.dtype.name)
        tensor = self.xp.from_dlpack(array)
        signed = _signed.get(str(tensor.dtype).removeprefix("torch."))
        return tensor.view(getattr(self.xp, signed)) if signed else tensor

    def table(self, table: np.ndarray | DeviceArray) -> Array:
        """A table of a port: a view, or where that cannot be an array that `fetch` and `send` keep equal to it."""
        return self.copy(self.view(table)) if self._apart(table) else self.view(table)

    def fetch(self, array: Array, table: np.ndarray | DeviceArray) -> None:
        if self._apart(table):
            array[:] = self.view(table)

    def send(self, array: Array, table: np.ndarray | DeviceArray) -> None:
        if self._apart(table):
            table[:] = self.numpy(array)

    def _apart(self, table: np.ndarray | DeviceArray) -> bool:
        return not self.shares_host and isinstance(table, np.ndarray)

    def full(self, shape: int | tuple[int, ...], value: float, dtype: str = "float32") -> Array:
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if self.kind == "numpy":
            return np.full(shape, value, dtype)
        return self.xp.full(shape, value, dtype=getattr(self.xp, dtype), device=self.device)

    def copy(self, tree: Any) -> Any:
        if isinstance(tree, dict):
            return {name: self.copy(part) for name, part in tree.items()}
        return tree.copy() if self.kind == "numpy" else tree.clone()

    def choose(self, mask: Array, yes: Any, no: Any) -> Any:
        """Rows of `yes` where the mask [N] is set, else of `no`; new arrays. Dicts: of each part."""
        if isinstance(yes, dict):
            return {name: self.choose(mask, part, no[name]) for name, part in yes.items()}
        return self.xp.where(mask.reshape((-1,) + (1,) * (yes.ndim - 1)), yes, no)

    def as_type(self, array: Array, dtype: str) -> Array:
        return array.astype(dtype, copy=False) if self.kind == "numpy" else array.to(getattr(self.xp, dtype))

    def numpy(self, tree: Any) -> Any:
        """On the host, as NumPy arrays; the same memory where it is there already."""
        if isinstance(tree, dict):
            return {name: self.numpy(part) for name, part in tree.items()}
        return tree if self.kind == "numpy" else tree.detach().cpu().numpy()

    def guard(self) -> contextlib.AbstractContextManager:
        """Around work whose tensors outlive it: none of them remembers gradients, or that a learner was in inference mode."""
        if self.kind == "numpy":
            return contextlib.nullcontext()
        stack = contextlib.ExitStack()
        stack.enter_context(self.xp.inference_mode(False))
        stack.enter_context(self.xp.no_grad())
        return stack

    def take(self, what: str, given: Any, shape: tuple[int, ...], dtype: str) -> Array:
        """What a caller gave, as an array of this kind, shape and type ("float32" or "bool"). It may be NumPy's, torch's, a list."""
        if not (isinstance(given, np.ndarray) or self._is_tensor(given)):
            try:
                given = np.from_dlpack(given) if hasattr(given, "__dlpack__") else np.asarray(given)
            except (ValueError, TypeError, BufferError) as error:
                raise TypeError(f"{what}: not an array of shape {shape}: {error}") from None
        found = str(given.dtype).removeprefix("torch.")
        real = "bool" in found if dtype == "bool" else found.startswith(("float", "bfloat", "int", "uint"))
        if not real:
            raise TypeError(f"{what}: numbers of type {found}; {dtype} is needed")
        if tuple(given.shape) != shape:
            raise ValueError(f"{what}: shape {tuple(given.shape)}; {shape} is needed")
        if self.kind == "torch":
            given = given if self._is_tensor(given) else self.xp.from_numpy(np.array(given))
            return given.detach().to(device=self.device, dtype=getattr(self.xp, dtype))
        given = given.detach().cpu().numpy() if self._is_tensor(given) else given
        return given.astype(dtype, copy=False)

    @staticmethod
    def _is_tensor(given: Any) -> bool:
        return type(given).__module__.partition(".")[0] == "torch"
