"""Operators that arrange the same elements under other axes."""

from __future__ import annotations

from tests.frontends.operator_cases.case import Case, ints, node

CASES: dict[str, Case] = {
    "transpose": Case([node("Transpose", ["x"], ["y"], perm=[2, 0, 1])]),
    "transpose_default": Case([node("Transpose", ["x"], ["y"])]),
    "transpose_not_at_all": Case([node("Transpose", ["x"], ["y"], perm=[0, 1, 2])]),
    "unsqueeze": Case([node("Unsqueeze", ["x", "a"], ["y"])], {"a": ints(-1, 1)}),
    "squeeze": Case(
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Squeeze", ["u", "a"], ["y"])],
        {"a": ints(1, -1)},
    ),
    "squeeze_all": Case(
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Squeeze", ["u"], ["y"])],
        {"a": ints(0, 2)},
        {"x": (3, 5, 4)},
    ),
    "squeeze_none_is_all": Case(
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Squeeze", ["u", "none"], ["y"])],
        {"a": ints(0, 2), "none": ints()},
        {"x": (3, 5, 4)},
    ),
    "reshape": Case([node("Reshape", ["x", "s"], ["y"])], {"s": ints(-1, 2, 10)}),
    "reshape_keeps": Case([node("Reshape", ["x", "s"], ["y"])], {"s": ints(0, 0, 2, -1)}),
    "reshape_infers": Case([node("Reshape", ["x", "s"], ["y"])], {"s": ints(0, -1)}),
    "flatten": Case([node("Flatten", ["x"], ["y"])]),
    "flatten_negative": Case(
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Flatten", ["u"], ["y"], axis=-2)],
        {"a": ints(1)},
    ),
    "axes_as_attributes": Case(
        [
            node("Unsqueeze", ["x"], ["u"], axes=[0, 2]),
            node("Squeeze", ["u"], ["s"], axes=[2]),
            node("Slice", ["s"], ["y"], axes=[3], starts=[1], ends=[3]),
        ],
        opset=9,
    ),
    "two_axes_of_unknown_length_stay_in_place": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["t"]),
            node("Gather", ["s", "one"], ["n"]),
            node("Concat", ["t", "n", "rest"], ["target"], axis=0),
            node("Reshape", ["x", "target"], ["y"]),
        ],
        {"zero": ints(0), "one": ints(1), "rest": ints(2, -1)},
        {"x": ("time", "batch", 4)},
    ),
}
