"""The interface: how a model's arrays correspond to the values of its main function.

It stays with the module through all levels. While `form` is "batch", a parameter is the whole
array of a port; from "sample" on it is one sample, the array without its batch axis.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod
from typing import TYPE_CHECKING, Any

from lstmir.ir.diagnostics import Invalid
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    import numpy as np

BATCH, SAMPLE = "batch", "sample"
MOST_LANES = 16


@dataclass(frozen=True, slots=True)
class Port:
    """One array of the model: `shape` has -1 where a length is known only at run time.

    `batch` and `time` are the axes of samples and of time steps, or None. `format` is that of the
    elements on a stream; a module that has streams knows it.
    """

    name: str
    kind: str
    dtype: str
    shape: tuple[int, ...]
    batch: int | None = None
    time: int | None = None
    format: FixedType | None = None

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape without the batch axis."""
        return tuple(size for axis, size in enumerate(self.shape) if axis != self.batch)

    def to_samples(self, array: np.ndarray) -> np.ndarray:
        """The array with its samples first; an array without a batch axis is one sample."""
        import numpy as np

        if self.batch is None:
            return array[None]
        return np.moveaxis(array, self.batch, 0)

    def from_samples(self, samples: np.ndarray) -> np.ndarray:
        """The inverse of `to_samples`."""
        import numpy as np

        return samples[0] if self.batch is None else np.moveaxis(samples, 0, self.batch)

    @property
    def step_axis(self) -> int | None:
        """The axis of time steps in a sample."""
        if self.time is None:
            return None
        return self.time - (self.batch is not None and self.batch < self.time)

    @property
    def words(self) -> int:
        """Elements of a step, or of a sample without steps; below 0 where that is not known."""
        sizes = [size for axis, size in enumerate(self.sample_shape) if axis != self.step_axis]
        return prod(sizes) if min(sizes, default=1) >= 0 else -1

    def to_steps(self, samples: np.ndarray) -> np.ndarray:
        """Samples [N, …] as [N, steps, words]; a sample without steps is one step."""
        import numpy as np

        if self.step_axis is None:
            return samples.reshape(len(samples), 1, -1)
        first = np.moveaxis(samples, 1 + self.step_axis, 1)
        return first.reshape(*first.shape[:2], prod(first.shape[2:]))

    def from_steps(self, steps: np.ndarray) -> np.ndarray:
        """The inverse of `to_steps`."""
        import numpy as np

        count, length, _ = steps.shape
        if self.step_axis is None:
            return steps.reshape(count, *self.sample_shape)
        sizes = [size for axis, size in enumerate(self.sample_shape) if axis != self.step_axis]
        return np.moveaxis(steps.reshape(count, length, *sizes), 1, 1 + self.step_axis)

    def describe(self) -> str:
        """The shape as a person reads it, such as `[29, batch, 12]`."""
        names = ["?" if size < 0 else str(size) for size in self.shape]
        if self.batch is not None:
            names[self.batch] = "batch"
        return f"[{', '.join(names)}]"

    def attribute(self) -> dict[str, Any]:
        """The port as an attribute of the module."""
        every = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value for key, value in every.items() if value is not None}


def ports(module: Module, kind: str) -> list[Port]:
    """The module's `input` or `output` ports, in the order of parameters or results."""
    interface = module.attributes.get("interface", ())
    return [
        Port(**{**port, "shape": tuple(port["shape"])})
        for port in interface
        if port["kind"] == kind
    ]


def lanes_of(module: Module) -> int:
    """Words in a beat of the module's streams."""
    return int(module.attributes.get("lanes", 1))


def check_interface(module: Module) -> None:
    """Raise `Invalid` unless the module's interface is a list of ports, and its lanes are a number."""
    interface = module.attributes.get("interface", ())
    if not isinstance(interface, tuple):
        raise Invalid("the interface is a list of ports")
    for entry in interface:
        if not isinstance(entry, dict):
            raise Invalid("a port of the interface is a dictionary")
        try:
            port = Port(**{**entry, "shape": tuple(entry["shape"])})
        except (TypeError, KeyError) as error:
            expected = ", ".join(field.name for field in fields(Port))
            raise Invalid(
                f"a port of the interface has {expected}, the last three if known"
            ) from error
        _check_port(port)
    lanes = module.attributes.get("lanes", 1)
    if type(lanes) is not int or not 1 <= lanes <= MOST_LANES:
        raise Invalid(f"the lanes of a module's streams are 1 to {MOST_LANES}, not {lanes!r}")
    if module.attributes.get("form", BATCH) not in (BATCH, SAMPLE):
        raise Invalid(f"the form of a module is '{BATCH}' or '{SAMPLE}'")


def _check_port(port: Port) -> None:
    if port.kind not in ("input", "output"):
        raise Invalid(f"a port is of kind 'input' or 'output', not {port.kind!r}")
    if not isinstance(port.name, str) or not isinstance(port.dtype, str):
        raise Invalid("the name and the dtype of a port are strings")
    if not all(type(size) is int and size >= -1 for size in port.shape):
        raise Invalid(f"the shape of port '{port.name}' has sizes, or -1 for what is not known")
    for what, axis in (("batch", port.batch), ("time", port.time)):
        if axis is not None and not (type(axis) is int and 0 <= axis < len(port.shape)):
            raise Invalid(f"port '{port.name}' has no axis {axis} for {what}")
    if port.format is not None and not isinstance(port.format, FixedType):
        raise Invalid(f"the format of port '{port.name}' is a fixed-point type")


def set_ports(module: Module, all_ports: list[Port]) -> None:
    """Write the interface."""
    module.attributes["interface"] = tuple(port.attribute() for port in all_ports)


def is_sampled(module: Module) -> bool:
    """Whether the main function is that of one sample."""
    return bool(module.attributes.get("form", BATCH) == SAMPLE)
