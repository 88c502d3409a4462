"""`lstmir run` on every stage of a compilation takes and gives what ONNX Runtime does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest

from lstmir import dialects, passes
from lstmir.flow.arrays import load_arrays
from lstmir.flow.models import level_of, load_model
from lstmir.flow.recipes import FRONT, RECIPES, back
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context, Pass
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.tiny import CLASSES, data, write_data

VOWELS = Path(__file__).parents[2] / "examples" / "vowels"
MODEL = VOWELS / "vowels_h32.onnx"
PIPELINE = f"{FRONT},bank50,{back(16, 1)},lower-to-rtl"
WORDS = ["--feed", "feed.npz", "-o", "y.npz"]
SEQUENCES = 2


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The vowels network after each pass of a compilation."""
    dialects.load()
    passes.load()
    folder = tmp_path_factory.mktemp("stages")
    module = load_model(str(MODEL))
    written = [folder / "00-import.lstmir"]
    written[0].write_text(print_module(module))

    def save(pass_: Pass, module: Module) -> None:
        written.append(folder / f"{len(written):02d}-{pass_.name}.lstmir")
        written[-1].write_text(print_module(module))

    train = np.load(VOWELS / "vowels.npz")["x_train"][:60]
    named = parse_pipeline(PIPELINE, named=RECIPES)
    run_passes(module, named, Context({"x": train}, "", 0), after=save)
    return written


def _result(path: Path) -> dict[str, np.ndarray]:
    assert main(["run", str(path), *WORDS]) == 0
    return load_arrays("y.npz")


def test_the_feed_of_a_model_is_that_of_all_its_stages(
    stages: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    feed = {"x": np.moveaxis(np.load(VOWELS / "vowels.npz")["x_test"][:SEQUENCES], 0, 1)}
    write_data(Path("feed.npz"), feed)
    session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    wanted = dict(zip(names, session.run(names, feed), strict=True))
    found: dict[int, list[np.ndarray]] = {}
    for path in (MODEL, VOWELS / "vowels_h32.json", *stages):
        result = _result(path)
        assert list(result) == names, path.name
        for name, array in wanted.items():
            assert (result[name].dtype, result[name].shape) == (array.dtype, array.shape), path.name
        level = level_of(load_model(str(path)))
        found.setdefault(level, []).append(result["logits"])
        pruned = any(word in path.name for word in ("calibrate", "prune", "assign"))
        if level < 3 and not pruned:
            np.testing.assert_allclose(result["logits"], wanted["logits"], atol=2e-5)
    assert sorted(found) == [1, 2, 3, 4, 5]
    golden = found[3][-1]
    for level in (3, 4, 5):
        for array in found[level]:
            assert array.tobytes() == golden.tobytes(), level
    assert np.array_equal(golden.argmax(axis=1), wanted["logits"].argmax(axis=1))
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("out")
def test_all_stages_of_a_compiled_folder_agree() -> None:
    write_data(Path("feed.npz"), {"x": np.moveaxis(data()["x_test"], 0, 1)[:, :2]})
    results = {path.stem[3:]: _result(path)["y"] for path in sorted(Path("out/stages").iterdir())}
    fixed = results["approximate-activations"]
    for name in ("tile", "block-layout", "schedule", "lower-to-rtl"):
        assert np.array_equal(results[name], fixed), name
    for name, result in results.items():
        assert result.shape == (2, CLASSES)
        np.testing.assert_allclose(result, fixed, atol=0.2, err_msg=name)
    np.testing.assert_allclose(results["dce"], results["import"], atol=1e-6)
