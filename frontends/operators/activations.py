"""The activation functions of recurrent operators, as attributes of the IR's layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lstmir.dialects.activations import PARAMETERS, check_activation
from lstmir.frontends.model.attributes import check_finite
from lstmir.frontends.model.node import Node
from lstmir.ir.diagnostics import Invalid, UserError

_BY_LOWER_CASE = {name.lower(): name for name in PARAMETERS}


def activation_attributes(
    node: Node, default: Sequence[str], directions: int
) -> dict[str, tuple[Any, ...]]:
    """`activations`, `alpha` and `beta`, without what is ONNX's default.

    `default` are the functions of one direction. The parameters that a node gives are taken by the
    functions in order, each by the next one that has such a parameter. Raises `UserError` for
    unknown functions, and for parameters that are missing or left over.
    """
    names = _names(node, default, directions)
    found: dict[str, tuple[Any, ...]] = {"activations": tuple(names)}
    for key in ("alpha", "beta"):
        values = list(_values(node, key, names))
        if any(
            value != PARAMETERS[name].get(key, 0.0)
            for name, value in zip(names, values, strict=True)
        ):
            found[key] = tuple(values)
    if names == list(default) * directions and len(found) == 1:
        return {}
    return found


def _names(node: Node, default: Sequence[str], directions: int) -> list[str]:
    expected = list(default) * directions
    given = node.texts("activations")
    if given is None:
        return expected
    names = [_named(name) for name in given]
    if len(default) == 1 and names == list(default) * 2:
        return expected  # what the schema of RNN writes for every direction
    if len(names) != len(expected):
        raise UserError(
            f"attribute 'activations' must have {len(expected)} functions, not {len(names)}"
        )
    return names


def _named(name: str) -> str:
    """The name as it is written in the IR; ONNX's is the same in any case."""
    known = _BY_LOWER_CASE.get(name.lower(), name)
    try:
        check_activation(known)
    except Invalid as error:
        raise UserError(f"attribute 'activations': {error}") from error
    return known


def _values(node: Node, key: str, names: Sequence[str]) -> Iterator[float]:
    """The parameter of each function; 0 for one that takes none."""
    attribute = f"activation_{key}"
    given = [check_finite(attribute, number) for number in node.numbers(attribute) or []]
    takers = [name for name in names if key in PARAMETERS[name]]
    if len(given) > len(takers):
        raise UserError(
            f"attribute '{attribute}' has {len(given)} number(s), but the functions take {len(takers)}"
        )
    left = iter(given)
    for name in names:
        value = next(left, PARAMETERS[name][key]) if key in PARAMETERS[name] else 0.0
        if value is None:
            raise UserError(f"attribute '{attribute}' is missing: '{name}' has no default")
        yield value
