"""Functions of each element, and arithmetic with numpy's broadcasting."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.frontends.operator_cases.case import Case, floats, ints, node

VECTOR = np.array([-1.5, -0.0, 0.75, 2], np.float32)
"""A constant of both signs, with a zero."""


def of(value: float) -> np.ndarray:
    """A constant without axes."""
    return np.array(value, np.float32)


ARITHMETIC = {
    "add": Case([node("Add", ["x", "w"], ["y"])], {"w": floats(4)}),
    "add_to_itself": Case([node("Add", ["x", "x"], ["y"])]),
    "add_scalar": Case([node("Add", ["w", "x"], ["y"])], {"w": floats()}),
    "add_adds_an_axis": Case([node("Add", ["x", "w"], ["y"])], {"w": floats(2, 1, 1, 4)}),
    "sub": Case([node("Sub", ["w", "x"], ["y"])], {"w": floats(5, 1)}),
    "mul": Case([node("Mul", ["x", "w"], ["y"])], {"w": floats(1, 5, 4)}),
    "div": Case([node("Div", ["x", "w"], ["y"])], {"w": np.array([2, -0.3, 7, 1e-3], np.float32)}),
    "div_of_a_constant": Case(
        [node("Exp", ["x"], ["e"]), node("Div", ["w", "e"], ["y"])], {"w": floats(5, 1)}
    ),
    "div_of_two": Case([node("Exp", ["x"], ["e"]), node("Div", ["x", "e"], ["y"])]),
    "div_of_constants": Case(
        [node("Div", ["v", "w"], ["q"]), node("Mul", ["x", "q"], ["y"])],
        {"v": floats(5, 1), "w": floats(4)},
    ),
    "div_of_integers": Case(
        [
            node("Div", ["n", "d"], ["q"]),
            node("Cast", ["q"], ["f"], to=TensorProto.FLOAT),
            node("Add", ["x", "f"], ["y"]),
        ],
        {"n": ints(7, -7, 7, -7), "d": ints(2, 2, -2, -2)},
    ),
    "reciprocal": Case([node("Exp", ["x"], ["e"]), node("Reciprocal", ["e"], ["y"])]),
    "reciprocal_of_a_constant": Case(
        [node("Reciprocal", ["w"], ["r"]), node("Mul", ["x", "r"], ["y"])], {"w": floats(4)}
    ),
}

FUNCTIONS = {
    "neg": Case([node("Neg", ["x"], ["y"])]),
    "abs": Case([node("Abs", ["x"], ["y"])]),
    "exp": Case([node("Exp", ["x"], ["y"])]),
    "log": Case([node("Exp", ["x"], ["e"]), node("Log", ["e"], ["y"])]),
    "sqrt": Case([node("Exp", ["x"], ["e"]), node("Sqrt", ["e"], ["y"])]),
    "relu": Case([node("Relu", ["x"], ["y"])]),
    "elu": Case([node("Elu", ["x"], ["y"], alpha=1.0)]),
    "elu_steep": Case([node("Elu", ["x"], ["y"], alpha=2.5)]),
    "elu_rising_to_the_left": Case([node("Elu", ["x"], ["y"], alpha=-0.5)]),
    "sigmoid": Case([node("Sigmoid", ["x"], ["y"])]),
    "softplus": Case([node("Softplus", ["x"], ["y"])]),
    "softsign": Case([node("Softsign", ["x"], ["y"])]),
    "tanh": Case([node("Tanh", ["x"], ["y"])]),
    "functions_of_constants": Case(
        [
            node("Abs", ["w"], ["a"]),
            node("Sqrt", ["a"], ["s"]),
            node("Neg", ["s"], ["n"]),
            node("Softplus", ["n"], ["p"]),
            node("Elu", ["w"], ["e"], alpha=0.5),
            node("Add", ["p", "e"], ["c"]),
            node("Mul", ["x", "c"], ["y"]),
        ],
        {"w": VECTOR},
    ),
    "abs_of_integers": Case(
        [
            node("Neg", ["n"], ["m"]),
            node("Abs", ["m"], ["s"]),
            node("Reshape", ["x", "s"], ["y"]),
        ],
        {"n": ints(1, 20)},
        {"x": (1, 5, 4)},
    ),
}


def _power(number: float, name: str = "x") -> Case:
    nodes = [node("Exp", ["x"], ["e"]), node("Pow", [name, "p"], ["y"])]
    return Case(nodes[name == "x" :], {"p": of(number)})


POWERS = {
    **{f"pow_{number}": _power(number) for number in (0, 1, 2, 3, 4, 5)},
    "pow_half": _power(0.5, "e"),
    **{f"pow_m{number}": _power(-number, "e") for number in (0.5, 1, 2, 3, 4, 5)},
    "pow_1_7": _power(1.7, "e"),
    "pow_of_an_integer": Case([node("Pow", ["x", "p"], ["y"])], {"p": np.array([2], np.int64)}),
    "pow_of_every_element": Case(
        [node("Pow", ["x", "p"], ["y"])], {"p": np.full((5, 1), 3, np.float32)}
    ),
    "pow_of_several": Case(
        [node("Exp", ["x"], ["e"]), node("Pow", ["e", "p"], ["y"])], {"p": VECTOR}
    ),
    "pow_of_several_integers": Case([node("Pow", ["x", "p"], ["y"])], {"p": ints(0, 1, 2, 5)}),
    "pow_adds_an_axis": Case(
        [node("Pow", ["x", "p"], ["y"])], {"p": np.full((2, 1, 1, 1), 2, np.float32)}
    ),
    "pow_adds_an_axis_of_one": Case(
        [node("Pow", ["x", "p"], ["y"])], {"p": np.full((1, 1, 1, 1), 2, np.float32)}
    ),
    "pow_computed": Case([node("Exp", ["x"], ["e"]), node("Pow", ["e", "x"], ["y"])]),
    "pow_of_a_constant": Case([node("Pow", ["b", "x"], ["y"])], {"b": of(2.5)}),
    "pow_of_constants": Case(
        [node("Pow", ["w", "p"], ["c"]), node("Add", ["x", "c"], ["y"])],
        {"w": floats(4), "p": ints(3)},
    ),
    "pow_of_integers": Case(
        [
            node("Pow", ["n", "p"], ["m"]),
            node("Reshape", ["x", "m"], ["y"]),
        ],
        {"n": ints(1, 20), "p": ints(3, 1)},
        {"x": (1, 5, 4)},
    ),
}

CASES: dict[str, Case] = {**ARITHMETIC, **FUNCTIONS, **POWERS}
