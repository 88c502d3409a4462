"""`lstmir.frontends.keras.export`: from a Keras model to IR in one call."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lstmir.frontends.exporters.exported import import_exported
from lstmir.frontends.keras import export
from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports

needs_keras = [pytest.mark.soak, pytest.mark.needs("keras")]

PACKAGES = ("keras", "onnx", "tensorflow", "tf2onnx")


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All that the export needs, as empty packages."""
    for name in PACKAGES:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    return monkeypatch


@pytest.mark.parametrize("missing", PACKAGES)
def test_what_is_missing_is_named_with_the_command(
    missing: str, packages: pytest.MonkeyPatch
) -> None:
    packages.setitem(sys.modules, missing, None)
    assert refusal(None) == (
        f"to export a Keras model, install {missing}: pip install 'lstmir[keras]'"
    )


def test_another_backend_is_refused(packages: pytest.MonkeyPatch) -> None:
    backend = SimpleNamespace(backend=lambda: "torch")
    packages.setattr(sys.modules["keras"], "backend", backend, raising=False)
    assert refusal(None) == (
        "Keras writes out every step of a layer with its backend torch: save the model"
        " (model.save('model.keras')), and load and export it in a process where"
        " KERAS_BACKEND=tensorflow"
    )


def refusal(model: Any, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        export(model, **options)
    return caught.value.diagnostics[0].message


def layers() -> Any:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    return keras.layers


def chain(*parts: Any) -> Any:
    import keras

    return keras.Sequential([keras.Input((None, 4), name="x"), *parts])


class TestExport:
    pytestmark = needs_keras

    def test_dropout_is_taken_off_and_put_back(self, tmp_path: Path) -> None:
        k = layers()
        first = k.LSTM(8, dropout=0.2, recurrent_dropout=0.3, return_sequences=True)
        both = k.Bidirectional(first)
        model = chain(both, k.LSTM(6, recurrent_dropout=0.1), k.Dense(3, name="scores"))
        module = export(model, path=tmp_path / "model.onnx")
        assert [op.name for op in module.walk()].count("rnn.lstm") == 2
        assert both.forward_layer.recurrent_dropout == 0.3
        assert both.forward_layer.cell.implementation == 1
        assert ports(module, "input") == [Port("x", "input", "f32", (-1, -1, 4), batch=0, time=1)]
        x = np.random.default_rng(0).normal(size=(3, 7, 4)).astype(np.float32)
        expected = np.asarray(model(x))
        np.testing.assert_allclose(run(module, {"x": x})["scores"], expected, rtol=0, atol=1e-6)
        found = ports(import_exported(tmp_path / "model.onnx"), "output")
        assert [port.name for port in found] == ["scores"]

    def test_outputs_are_named(self) -> None:
        import keras

        x = keras.Input((5, 4), name="x")
        model = keras.Model(x, layers().LSTM(8, return_state=True, name="lstm")(x))
        for given, names in (
            (None, ["lstm_0", "lstm_1", "lstm_2"]),
            (["y", "h", "c"], ["y", "h", "c"]),
        ):
            found = ports(export(model, outputs=given), "output")
            assert [port.name for port in found] == names
        assert refusal(model, outputs=["y"]) == "the model has 3 outputs, but 1 names are given"

    def test_a_loop_is_refused_with_its_layer(self) -> None:
        message = refusal(chain(layers().GRU(8, name="gates")))
        assert message.startswith(
            "Keras writes one of these layers as a loop, not as a layer: 'gates' (GRU)"
        )

    def test_a_model_without_inputs(self) -> None:
        import keras

        layers()

        class Own(keras.Model):  # type: ignore[misc]
            def call(self, x: Any) -> Any:
                return x

        assert refusal(Own(name="own")).startswith("the model 'own' does not tell its inputs")
