"""Matrix products."""

from __future__ import annotations

from tests.frontends.operator_cases.case import Case, floats, node

W, B, C = floats(4, 6), floats(6, 4), floats(6)

CASES: dict[str, Case] = {
    "matmul": Case([node("MatMul", ["x", "w"], ["y"])], {"w": W}),
    "gemm": Case([node("Gemm", ["x", "w", "c"], ["y"])], {"w": W, "c": C}, {"x": ("batch", 4)}),
    "gemm_transposed": Case(
        [node("Gemm", ["x", "w", "c"], ["y"], transB=1)], {"w": B, "c": C}, {"x": ("batch", 4)}
    ),
    "gemm_without_c": Case([node("Gemm", ["x", "w"], ["y"])], {"w": W}, {"x": ("batch", 4)}),
    "gemm_scaled": Case(
        [node("Gemm", ["x", "w", "c"], ["y"], alpha=0.5, beta=-2.0)],
        {"w": W, "c": floats(1, 6)},
        {"x": ("batch", 4)},
    ),
    "gemm_scalar_c": Case(
        [node("Gemm", ["x", "w", "c"], ["y"], beta=3.0)],
        {"w": W, "c": floats(1)},
        {"x": ("batch", 4)},
    ),
    "gemm_beta_0": Case(
        [node("Gemm", ["x", "w", "c"], ["y"], beta=0.0)], {"w": W, "c": C}, {"x": ("batch", 4)}
    ),
    "gemm_computed_c": Case(
        [
            node("MatMul", ["x", "w"], ["m"]),
            node("Gemm", ["x", "w", "m"], ["y"], beta=0.5),
        ],
        {"w": W},
        {"x": ("batch", 4)},
    ),
    "two_layers": Case(
        [
            node("MatMul", ["x", "w"], ["m"]),
            node("Add", ["m", "c"], ["a"]),
            node("Relu", ["a"], ["r"]),
            node("MatMul", ["r", "v"], ["y"]),
        ],
        {"w": W, "c": C, "v": B},
        {"x": ("batch", 4)},
    ),
    "matmul_by_a_vector": Case([node("MatMul", ["x", "w"], ["y"])], {"w": floats(4)}),
    "matmul_by_more_axes": Case([node("MatMul", ["x", "w"], ["y"])], {"w": floats(1, 4, 6)}),
    "matmul_adds_an_axis": Case([node("MatMul", ["x", "w"], ["y"])], {"w": floats(1, 1, 4, 6)}),
    "matmul_of_a_vector": Case([node("MatMul", ["x", "w"], ["y"])], {"w": W}, {"x": (4,)}),
    "matmul_of_a_vector_adds_axes": Case(
        [node("MatMul", ["x", "w"], ["y"])], {"w": floats(1, 4, 6)}, {"x": (4,)}
    ),
    "matmul_from_the_left": Case([node("MatMul", ["w", "x"], ["y"])], {"w": floats(6, 5)}),
    "matmul_from_the_left_over_time": Case(
        [node("MatMul", ["w", "x"], ["y"])], {"w": floats(6, 4)}, {"x": ("batch", 4, "time")}
    ),
    "matmul_a_vector_from_the_left": Case([node("MatMul", ["w", "x"], ["y"])], {"w": floats(5)}),
    "matmul_from_the_left_adds_an_axis": Case(
        [node("MatMul", ["w", "x"], ["y"])], {"w": floats(1, 1, 6, 5)}
    ),
    "matmul_from_the_left_of_a_vector": Case(
        [node("MatMul", ["w", "x"], ["y"])], {"w": B}, {"x": (4,)}
    ),
    "matmul_constants": Case(
        [node("MatMul", ["a", "b"], ["w"]), node("Add", ["x", "w"], ["y"])],
        {"a": floats(2, 5, 3), "b": floats(2, 3, 4)},
        {"x": ("batch", 1, 5, 4)},
    ),
    "matmul_constants_of_open_length": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["a", "s"], ["e"]),
            node("MatMul", ["e", "b"], ["w"]),
            node("Add", ["x", "w"], ["y"]),
        ],
        {"a": floats(5, 1), "b": floats(4, 4)},
    ),
    "matmul_constant_vectors": Case(
        [node("MatMul", ["a", "b"], ["w"]), node("Add", ["x", "w"], ["y"])],
        {"a": floats(3), "b": floats(3)},
    ),
    "gemm_transposed_a": Case(
        [node("Gemm", ["x", "w", "c"], ["y"], transA=1)], {"w": W, "c": C}, {"x": (4, "batch")}
    ),
    "gemm_from_the_left": Case(
        [node("Gemm", ["w", "x", "c"], ["y"], alpha=0.5, beta=2.0)],
        {"w": B, "c": floats(6, 1)},
        {"x": (4, "batch")},
    ),
    "gemm_from_the_left_transposed": Case(
        [node("Gemm", ["w", "x", "c"], ["y"], transA=1, transB=1)],
        {"w": W, "c": floats(1)},
        {"x": ("batch", 4)},
    ),
    "gemm_constants": Case(
        [
            node("Gemm", ["a", "b", "c"], ["w"], alpha=0.5, beta=2.0, transA=1),
            node("Add", ["x", "w"], ["y"]),
        ],
        {"a": floats(3, 5), "b": floats(3, 4), "c": floats(4)},
    ),
    "conv": Case(
        [node("Conv", ["x", "w", "b"], ["y"])],
        {"w": floats(6, 4, 1), "b": floats(6)},
        {"x": ("batch", 4, "time")},
    ),
    "conv_without_bias": Case([node("Conv", ["x", "w"], ["y"])], {"w": floats(6, 5, 1)}),
    "conv_of_groups": Case(
        [node("Conv", ["x", "w", "b"], ["y"], group=2)],
        {"w": floats(6, 2, 1), "b": floats(6)},
        {"x": ("batch", 4, "time")},
    ),
    "conv_of_each_channel": Case(
        [node("Conv", ["x", "w"], ["y"], group=4)], {"w": floats(8, 1, 1)}, {"x": ("batch", 4, 7)}
    ),
    "conv_with_all_attributes": Case(
        [
            node(
                "Conv",
                ["x", "w"],
                ["y"],
                kernel_shape=[1],
                strides=[1],
                pads=[0, 0],
                dilations=[2],
            )
        ],
        {"w": floats(6, 5, 1)},
        opset=7,
    ),
    "conv_that_pads_nothing": Case(
        [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER")], {"w": floats(6, 5, 1)}, opset=7
    ),
    "conv_of_two_axes": Case(
        [node("Conv", ["x", "w", "b"], ["y"])],
        {"w": floats(6, 4, 1, 1), "b": floats(6)},
        {"x": ("batch", 4, 5, "time")},
    ),
    "conv_of_a_constant": Case(
        [node("Conv", ["v", "w", "b"], ["c"]), node("Add", ["x", "c"], ["y"])],
        {"v": floats(1, 3, 4), "w": floats(5, 3, 1), "b": floats(5)},
    ),
}
