"""What a PyTorch module is called with: nested tensors, and the names they have in a model."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    import torch

Axes: TypeAlias = Mapping[str, Mapping[int, str]]
"""For each input, the axes whose lengths are free, with names: `{"x": {0: "batch"}}`."""


def leaves(value: Any) -> Iterator[Any]:
    """The tensors in tuples and lists, in order; None holds none."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from leaves(part)
    elif value is not None:
        yield value


def nested(value: Any, own: Iterator[Any]) -> Any:
    """The structure of a value, with leaves of its own."""
    if isinstance(value, (tuple, list)):
        return tuple(nested(part, own) for part in value)
    return None if value is None else next(own)


def check_names(names: Sequence[str], values: Any, what: str) -> None:
    """Raise `UserError` unless there is a name for each leaf."""
    count = len(list(leaves(values)))
    if len(names) != count:
        raise UserError(f"the module has {count} {what}, but {len(names)} names are given")


class Arguments:
    """The arguments of a call, with a name for each of their tensors."""

    def __init__(
        self, module: torch.nn.Module, example: Any, names: Sequence[str] | None, tensor: type
    ) -> None:
        arguments = example if isinstance(example, (tuple, list)) else (example,)
        if not all(isinstance(leaf, tensor) for leaf in leaves(arguments)):
            raise UserError("the example must consist of tensors, in tuples or lists")
        self._parameters = inspect.signature(module.forward).parameters
        # A copy of each: PyTorch takes a tensor that occurs twice for one input.
        self.values = nested(arguments, (leaf.clone() for leaf in leaves(arguments)))
        self.names = list(names) if names else self._own_names()
        check_names(self.names, self.values, "inputs")

    @property
    def _spread(self) -> int | None:
        """The place of `*arguments` among the parameters."""
        kinds = [parameter.kind for parameter in self._parameters.values()]
        several = inspect.Parameter.VAR_POSITIONAL
        return kinds.index(several) if several in kinds else None

    def _own_names(self) -> list[str]:
        """The parameters' names; those of nested arguments, or of `*arguments`, are numbered."""
        names, spread = list(self._parameters), self._spread
        counts = [len(list(leaves(value))) for value in self.values]
        if spread is not None:
            counts = [*counts[:spread], sum(counts[spread:])]
        found: list[str] = []
        for place, (name, count) in enumerate(zip(names, counts, strict=False)):
            single = count == 1 and place != spread
            found += [name] if single else [f"{name}_{k}" for k in range(count)]
        return found

    def widen(self, axes: Axes) -> None:
        """Repeat what has one sample: PyTorch takes a length of 1 for one that never changes."""
        tensors = dict(zip(self.names, leaves(self.values), strict=True))
        for name, free in axes.items():
            for axis in free:
                if tensors[name].shape[axis] == 1:
                    tensors[name] = tensors[name].repeat_interleave(2, axis)
        self.values = nested(self.values, iter(tensors.values()))

    def shapes(self, axes: Axes, dims: Mapping[str, Any]) -> tuple[Any, ...]:
        """For each parameter its free axes, in the structure that `torch.export` wants."""
        own = ({k: dims[n] for k, n in axes.get(name, {}).items()} for name in self.names)
        shapes: tuple[Any, ...] = nested(self.values, own)
        if self._spread is None:
            return shapes
        return (*shapes[: self._spread], shapes[self._spread :])
