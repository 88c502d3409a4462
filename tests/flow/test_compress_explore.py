"""Trying the options of a recipe: on training data alone, and each as if it were the only one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.compress import realize
from lstmir.flow.data import Data, read_data
from lstmir.flow.explore import explore, measure_of, outputs_of
from lstmir.flow.metrics import weight_bits_float, weights_bits_encoded
from lstmir.flow.models import load_model
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import FRONT, RECIPES, Recipe
from lstmir.interpreter.run import run_reals
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.numeric.augmentation import augmented
from lstmir.pipeline.passes import PASSES, Context
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.flow.few import FEW
from tests.flow.tiny import CLASSES, HIDDEN, INPUTS, data, write_data, write_model
from tests.passes.levels import apply


@pytest.fixture
def module() -> Module:
    return apply(load_model(str(write_model(Path("tiny.json")))), FRONT)


@pytest.fixture
def samples(module: Module) -> Data:
    """The test samples are so large that formats chosen for them would be others."""
    arrays = data(40)
    arrays["x_test"] *= 8
    return read_data(str(write_data(Path("tiny.npz"), arrays)), module)


def test_each_candidate_is_as_if_it_were_the_only_one(module: Module, samples: Data) -> None:
    found = explore(module, FEW, samples, Progress(), seed=3)
    assert [trial.options for trial in found.trials] == FEW.candidates()
    assert found.failures == []
    assert found.metric == "top1"
    more_samples, nearest = augmented(samples.train, 2048, 3, copies=4)
    assert samples.y_train is not None
    training = measure_of(module, samples.train, samples.y_train)
    more = measure_of(module, more_samples, samples.y_train[nearest])
    for trial in found.trials:
        alone = parse_module(print_module(module))
        realize(alone, FEW, trial.options, samples, 3)
        assert trial.bits == weights_bits_encoded(alone)
        assert trial.ratio == weight_bits_float(module) / trial.bits
        assert trial.training == training.fidelity(alone)
        assert trial.augmented == more.fidelity(alone)
        assert trial.training.samples == 40
        assert trial.augmented.samples == 320


def test_the_module_stays_as_it_is(module: Module, samples: Data) -> None:
    before = print_module(module)
    explore(module, FEW, samples, Progress())
    assert print_module(module) == before


def test_test_arrays_are_not_looked_at(module: Module, samples: Data) -> None:
    nothing = {name: np.full_like(array, np.nan) for name, array in samples.test.items()}
    blind = replace(samples, test=nothing, y_test=None)
    assert explore(module, FEW, blind, Progress()) == explore(module, FEW, samples, Progress())


def test_passes_that_candidates_share_run_once(
    module: Module, samples: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    original = PASSES["calibrate"].run

    def counted(self: object, module: Module, context: Context) -> None:
        runs.append(context.data)
        original(self, module, context)  # type: ignore[arg-type]

    monkeypatch.setattr(PASSES["calibrate"], "run", counted)
    explore(module, FEW, samples, Progress())
    assert len(runs) == 1
    assert runs[0] is samples.train


PRUNED = Recipe(
    "pruned", "", "", "prune{ratio=$ratio}," + FEW.template,
    {**FEW.defaults, "ratio": "0"}, {"ratio": ("0", "0.5"), "weights": ("4", "8")},
)  # fmt: skip


def test_what_fails_is_reported(module: Module, samples: Data) -> None:
    """Whether a pass refuses its options, or finds out when it is run; in the order of the grid."""
    grid = {"ratio": ("1", "0"), "weights": ("0", "8")}
    found = explore(module, replace(PRUNED, grid=grid), samples, Progress())
    assert [trial.options for trial in found.trials] == [{"ratio": "0", "weights": "8"}]
    of_ratio = "prune: ratio must be at least 0 and below 1, not 1"
    of_weights = "assign-bitwidths: weights must be 1 to 64 bits, not 0"
    assert [(list(each.options.values()), each.reason) for each in found.failures] == [
        (["1", "0"], of_weights),
        (["1", "8"], of_ratio),
        (["0", "0"], of_weights),
    ]


def test_all_fail(module: Module, samples: Data) -> None:
    never = replace(PRUNED, grid={"ratio": ("1", "-1")})
    with pytest.raises(UserError) as error:
        explore(module, never, samples, Progress())
    expected = "error: the recipe 'pruned': none of 2 candidates works: prune: ratio must be "
    assert str(error.value).startswith(expected)


def test_warnings_are_those_of_a_candidate(module: Module, samples: Data) -> None:
    """A pass that runs for several candidates warns for each of them, and nobody hears it yet."""
    module.resources = {
        name: np.zeros_like(array) if array.shape == (4 * HIDDEN, INPUTS) else array
        for name, array in module.resources.items()
    }
    found = explore(module, PRUNED, samples, Progress(warn=lambda text: pytest.fail(text)))
    assert len(found.trials) == 4
    for trial in found.trials:
        assert trial.warnings.count("the weights 'w' are all zero") == 1


def test_large_data_are_run_in_pieces(module: Module) -> None:
    x = np.random.default_rng(0).normal(size=(1100, 5, INPUTS)).astype(np.float32)
    (expected,) = run_reals(module, [x])
    assert np.array_equal(outputs_of(module, {"x": x}), expected)


PACKED = """module @m {
  func @main(%x: tensor<4x!fx.s<8,4>>) -> tensor<2x!fx.s<17,7>> {
    %w = tensor.constant @w : tensor<2x4x!fx.s<5,3>, #sparse.bank<2, 1>>
    %b = tensor.constant @b : tensor<2x!fx.s<6,7>>
    %z = linalg.matvec %w, %x : (tensor<2x4x!fx.s<5,3>, #sparse.bank<2, 1>>, tensor<4x!fx.s<8,4>>) -> tensor<2x!fx.s<16,7>>
    %y = arith.add %z, %b : (tensor<2x!fx.s<16,7>>, tensor<2x!fx.s<6,7>>) -> tensor<2x!fx.s<17,7>>
    return %y : tensor<2x!fx.s<17,7>>
  }
}
{-# resources: {w: "0x010000ff00020300", b: "0x0102"} #-}
"""  # noqa: E501


def test_bits_are_those_of_the_encodings() -> None:
    # Two banks a row; of each a value of 5 bits, and a bit that says which. Two biases of 6 bits.
    assert weights_bits_encoded(parse_module(PACKED)) == 2 * 2 * (5 + 1) + 2 * 6


def test_neither_states_nor_tables_are_weights(module: Module, samples: Data) -> None:
    pipeline = "calibrate,assign-bitwidths{weights=8 bias=16},quantize"
    quantized = apply(module, pipeline, samples.train)
    widths = {
        op.attributes["resource"]: element_of(op.result.type)
        for op in quantized.walk()
        if op.name == "tensor.constant"
    }
    sizes = {
        name: quantized.resources[name].size for name in widths if not name.startswith(("h0", "c0"))
    }
    expected = sum(size * widths[name].width for name, size in sizes.items())
    assert sum(sizes.values()) == 4 * HIDDEN * (INPUTS + HIDDEN + 1) + CLASSES * (HIDDEN + 1)
    assert weights_bits_encoded(quantized) == expected
    assert weights_bits_encoded(apply(quantized, "approximate-activations")) == expected


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_grids_of_recipes_are_of_their_own_options(recipe: Recipe) -> None:
    for options in recipe.candidates():
        recipe.pipeline(options)
    assert all(recipe.grid.values())
