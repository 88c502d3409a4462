"""The trained networks, and where their files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT
from lstmir.frontends.parts.cut import WHOLE, Cut
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.text import parse_pipeline

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / "examples" / "vowels", ROOT / "examples" / "silero_vad", ROOT / "tests" / "data"]
POINTS = (0.0, 0.5, 1.0, 2.0)
"""The allowed losses: points of accuracy, or hundredths of a probability."""


@dataclass(frozen=True)
class Model:
    """A network, its data, the part of it that is taken, and how much of its loss's unit a point is."""

    name: str
    file: str
    data: str
    cut: Cut = WHOLE
    point: float = 1.0

    @property
    def losses(self) -> list[float]:
        """The allowed losses in the unit of the loss."""
        return [points * self.point for points in POINTS]

    def module(self, path: str) -> Module:
        """The function of one sample, in floats."""
        module = load_model(path, self.cut)
        run_passes(module, parse_pipeline(FRONT))
        return module


SILERO = Cut(("/Transpose_output_0",), ("speech_probs",))
MODELS = {
    model.name: model
    for model in (
        Model("vowels_h32", "vowels_h32.onnx", "vowels.npz"),
        Model("vowels_h32_l2", "vowels_h32_l2.onnx", "vowels.npz"),
        Model("digits_h64", "digits_h64.onnx", "digits.npz"),
        Model("silero", "silero_vad_16k_sequence.onnx", "silero_lstm_inputs.npz", SILERO, 0.01),
    )
}


def find(name: str, folder: Path | None) -> Path:
    """A file of a model, in the folder or where the repository has it.

    Raises FileNotFoundError that says what is missing where.
    """
    folders = FOLDERS if folder is None else [folder]
    for each in folders:
        if (each / name).is_file():
            return each / name
    where = ", ".join(str(each) for each in folders)
    raise FileNotFoundError(f"there is no {name} in {where}: name its folder with --folder")
