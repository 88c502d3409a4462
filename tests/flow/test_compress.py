"""`lstmir compress`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.compress import CompressRequest, Outcome, compress_model, realize
from lstmir.flow.data import read_data
from lstmir.flow.explore import as_text, outputs_of
from lstmir.flow.metrics import weights_bits_encoded
from lstmir.flow.models import level_of, load_model
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import FRONT, RECIPES
from lstmir.flow.selection import estimate
from lstmir.frontends.parts.cut import Cut
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.few import FEW
from tests.flow.refused import refused
from tests.flow.tiny import (
    Arrays,
    data,
    model,
    weights,
    with_initial_state,
    write_data,
    write_model,
)  # fmt: skip
from tests.passes.levels import apply

Capture = pytest.CaptureFixture[str]
WORDS = ["tiny.json", "--data", "tiny.npz", "--recipe", "few", "-o", "out.lstmir"]
OUT = Path("out.lstmir")
SILERO = Path(__file__).parents[2] / "examples" / "silero_vad"


@pytest.fixture(autouse=True)
def few(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "few", FEW)
    write_data(Path("tiny.npz"), data(40))


def _without(*names: str) -> Arrays:
    return {name: array for name, array in data(40).items() if name not in names}


def _compressed(max_loss: float, messages: list[str] | None = None) -> Outcome:
    heard = [] if messages is None else messages
    return compress_model(
        CompressRequest("tiny.json", "tiny.npz", OUT, max_loss, "few"), Progress(warn=heard.append)
    )


def test_the_network_that_is_written_is_the_chosen_one() -> None:
    outcome = _compressed(30.0)
    chosen = outcome.chosen
    assert chosen is not None
    within = [each for each in outcome.exploration.trials if estimate(each) <= 30.0]
    assert chosen.bits == min(trial.bits for trial in within) < max(t.bits for t in within)
    written = load_model(str(OUT))
    assert level_of(written) == 3
    assert weights_bits_encoded(written) == chosen.bits
    module = apply(load_model("tiny.json"), FRONT)
    samples = read_data("tiny.npz", module)
    realize(module, FEW, chosen.options, samples, 0)
    assert print_module(module) == OUT.read_text(encoding="utf-8")
    assert outcome.tested is not None
    y_test = data(40)["y_test"]
    outputs = outputs_of(written, samples.test)
    assert outcome.tested.right == (outputs.argmax(axis=1) == y_test).sum()


def test_what_it_says(capsys: Capture) -> None:
    expected = _compressed(30.0).chosen
    assert expected is not None
    assert main(["compress", *WORDS, "--max-loss", "30"]) == 0
    output = capsys.readouterr()
    assert output.err == (
        "... reading tiny.json\n"
        "... taking the model to the function of one sample\n"
        "... trying the recipe few, 6 candidates\n"
        f"... compressing with {as_text(expected.options)}\n"
    )
    head, columns, *rows = output.out.splitlines()
    assert re.fullmatch(r"\d of 6 networks, on 40 training samples:", head)
    names = "weights activations KiB smaller loss at most agree diverge"
    assert columns.split() == names.split()
    *networks, size, test, written = rows
    assert len(networks) == int(head[0])
    (chosen,) = [row.split() for row in networks if row.startswith(">")]
    assert chosen[1:3] == list(expected.options.values())
    sizes = [float(row.removeprefix(">").split()[3].rstrip("x")) for row in networks]
    assert sizes == sorted(sizes, reverse=True)
    assert size.endswith(f"{chosen[4].rstrip('x')} times smaller than float")
    assert re.fullmatch(
        r"test data  float \d+/40, fixed point \d+/40 = [\d.]+%, [\d.]+% as float", test
    )
    assert written == "written to out.lstmir"
    assert max(map(len, rows)) <= 80


def test_the_same_command_gives_the_same_bytes() -> None:
    texts = []
    for _ in range(2):
        assert main(["compress", *WORDS, "--max-loss", "30", "--seed", "4"]) == 0
        texts.append(OUT.read_bytes())
    assert texts[0] == texts[1]


UNREACHABLE = "error: no network that the recipe 'few' makes is expected to lose at most 0 points"


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both classes are as likely, so what is so coarse decides otherwise than float now and then."""
    coarse = {"weights": ("1",), "activations": ("3", "4")}
    write_model(Path("tiny.json"), model({**weights(), "bias": np.array([0.4, 0], np.float32)}))
    monkeypatch.setitem(RECIPES, "few", replace(FEW, grid=coarse))
    write_data(Path("tiny.npz"), _without("y_train", "y_test"))


@pytest.mark.usefixtures("rough")
def test_a_budget_that_nothing_meets(capsys: Capture) -> None:
    OUT.write_text("older")
    assert main(["compress", *WORDS, "--max-loss", "0"]) == 1
    assert OUT.read_text() == "older"
    output = capsys.readouterr()
    assert "2 networks, on 40 training samples:\n" in output.out
    assert ">" not in output.out
    assert "written" not in output.out
    error, *notes = output.err.splitlines()[-3:]
    assert error == UNREACHABLE
    assert re.fullmatch(
        r"  note: the least is [\d.]+ points, [\d.]+ times smaller than float, "
        r"with weights=1 activations=[34]",
        notes[0],
    )
    assert notes[1] == "  note: allow a larger --max-loss, or give another --recipe"


@pytest.mark.usefixtures("rough", "without_tools")
def test_a_budget_that_no_compilation_meets(capsys: Capture) -> None:
    words = ["tiny.json", "--data", "tiny.npz", "--recipe", "few", "--max-loss", "0", "-o", "out"]
    status, text = refused(capsys, "compile", *words)
    assert status == 1
    assert text.startswith(f"{UNREACHABLE}\n")


def test_without_labels_decisions_are_compared(capsys: Capture) -> None:
    write_data(Path("tiny.npz"), _without("y_train", "y_test"))
    assert main(["compress", *WORDS, "--max-loss", "40"]) == 0
    last = capsys.readouterr().out.splitlines()[-2]
    expected = r"test data  decisions that differ [\d.]+ points against float, on 40 samples"
    assert re.fullmatch(expected, last)


def test_without_test_data_nothing_is_said_of_them(capsys: Capture) -> None:
    write_data(Path("tiny.npz"), _without("x_test", "y_test"))
    assert main(["compress", *WORDS, "--max-loss", "40"]) == 0
    assert "test data" not in capsys.readouterr().out


def test_candidates_that_fail_are_told(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(RECIPES, "few", replace(FEW, grid={"weights": ("0", "8")}))
    assert main(["compress", *WORDS, "--max-loss", "100"]) == 0
    assert "warning: weights=0 was left out: assign-bitwidths: " in capsys.readouterr().err


def test_states_that_start_at_zero_are_told(capsys: Capture) -> None:
    write_model(Path("tiny.json"), with_initial_state())
    assert main(["compress", *WORDS, "--max-loss", "100"]) == 0
    assert (
        "warning: h0 start at zero in all samples: give 'h0_train' if states will be fed that are "
        "larger than what the sequences come to\n" in capsys.readouterr().err
    )
    names = [port["name"] for port in load_model(str(OUT)).attributes["interface"]]
    assert names == ["x", "h0", "y"]


def test_only_the_first_output_is_measured(capsys: Capture) -> None:
    mapping = model()
    mapping["graph"]["output"].append({**mapping["graph"]["output"][0], "name": "last"})
    last = mapping["graph"]["output"][1]["type"]["tensorType"]["shape"]["dim"]
    last[:] = [{"dimValue": 1}, {"dimParam": "batch"}, {"dimValue": 4}]
    write_model(Path("tiny.json"), mapping)
    assert main(["compress", *WORDS, "--max-loss", "100"]) == 0
    expected = "warning: the loss is that of the output y; not measured: last\n"
    assert expected in capsys.readouterr().err


def test_a_detector_is_measured_in_its_own_unit(tmp_path: Path) -> None:
    """A part of a model, one sequence at a time, with its states at zero; frames, not classes."""
    with np.load(SILERO / "silero_lstm_inputs.npz") as archive:
        few = {name: archive[name][:6] for name in archive.files}
    write_data(Path("speech.npz"), few)
    cut = Cut(("/Transpose_output_0",), ("speech_probs",))
    model_path = str(SILERO / "silero_vad_16k_sequence.onnx")
    request = CompressRequest(model_path, "speech.npz", OUT, 0.02, "few", cut=cut)
    heard: list[str] = []
    outcome = compress_model(request, Progress(warn=heard.append))
    assert heard[0].startswith("h, c start at zero in all samples")
    assert outcome.exploration.metric == "mae_vs_float"
    assert outcome.chosen is not None
    assert outcome.chosen.options["weights"] == "8"
    assert outcome.chosen.training.agreement is None
    assert outcome.tested is not None
    assert outcome.tested.right is None
    written = load_model(str(OUT))
    states = {name: np.zeros((6, 1, 128), np.float32) for name in ("h", "c")}
    found = outputs_of(written, {"/Transpose_output_0": few["x_test"], **states})
    error = np.abs(found - few["p_test"]).mean()
    assert error < 0.02
    assert outcome.tested.fidelity.loss == pytest.approx(error, rel=1e-3)


USAGE = {
    "recipe": (
        ["--recipe", "fex"],
        f"error: unknown recipe 'fex'; did you mean 'few'? (known: {', '.join(RECIPES)}, few)",
    ),
    "model that is not there": (
        ["no.onnx"],
        "error: cannot read no.onnx: No such file or directory",
    ),
    "data that are not there": (
        ["--data", "no.npz"],
        "error: cannot read no.npz: No such file or directory",
    ),
    "output of another kind": (
        ["-o", "out.txt"],
        "error: the output out.txt is IR: name it out.lstmir",
    ),
    "output in no folder": (
        ["-o", "no/out.lstmir"],
        "error: cannot write no/out.lstmir: there is no folder no",
    ),
    "output that is the data": (
        ["-o", "tiny.npz"],
        "error: the output tiny.npz would replace an input",
    ),
    "IR that is cut": (
        ["ir.lstmir", "--outputs", "y"],
        "error: ir.lstmir is IR: --inputs and --outputs cut a part out of .onnx and .json files",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_usage(case: str, capsys: Capture) -> None:
    Path("ir.lstmir").write_text("module @m {\n}\n")
    words, message = USAGE[case]
    model, *rest = words if not words[0].startswith("-") else ["tiny.json", *words]
    found = refused(capsys, "compress", model, *WORDS[1:], "--max-loss", "1", *rest)
    assert found == (2, message)


ARGUMENTS = {
    "no loss": ([], "the following arguments are required: --max-loss"),
    "negative loss": (["--max-loss", "-0.5"], "argument --max-loss: must be at least 0 and finite, not -0.5"),
    "no number": (["--max-loss", "1%"], "argument --max-loss: expected a number, not '1%'"),
    "not a number": (["--max-loss", "nan"], "argument --max-loss: must be at least 0 and finite, not nan"),
    "infinite": (["--max-loss", "inf"], "argument --max-loss: must be at least 0 and finite, not inf"),
    "seed": (["--max-loss", "1", "--seed", "-1"], "argument --seed: must be at least 0, not -1"),
}  # fmt: skip


@pytest.mark.parametrize("case", ARGUMENTS)
@pytest.mark.parametrize("command", ["compress", "compile"])
def test_arguments(command: str, case: str, capsys: Capture) -> None:
    words, message = ARGUMENTS[case]
    if command == "compile" and not words:  # there, it may be left out
        return
    status, text = refused(capsys, command, *WORDS, *words)
    assert status == 2
    assert text.splitlines()[0] == f"error: lstmir {command}: {message}"


@pytest.mark.parametrize("level", [3, 5])
def test_what_is_compressed_already(level: int, out: Path, capsys: Capture) -> None:
    names = {3: "approximate-activations", 5: "lower-to-rtl"}
    (stage,) = Path("out/stages").glob(f"*-{names[level]}.lstmir")
    for command, expected in (
        ("compress", f"at level {level} already: nothing is left to compress"),
        ("compile", "at level 3 already: --max-loss has nothing to compress"),
    ):
        if command == "compile" and level == 5:
            continue
        words = [str(stage), "--data", "tiny.npz", "-o", "new.lstmir", "--max-loss", "1"]
        assert refused(capsys, command, *words) == (2, f"error: {stage} is {expected}")


def test_level_2_is_compressed(capsys: Capture) -> None:
    module = apply(load_model("tiny.json"), FRONT)
    Path("level2.lstmir").write_text(print_module(module), encoding="utf-8")
    assert main(["compress", "level2.lstmir", *WORDS[1:], "--max-loss", "30"]) == 0
    of_level_2 = OUT.read_text(encoding="utf-8")
    assert main(["compress", *WORDS, "--max-loss", "30"]) == 0
    assert OUT.read_text(encoding="utf-8") == of_level_2


FOUND = {
    "no interface": (
        "module @m {\n  func @main(%x: f32) -> f32 {\n    return %x : f32\n  }\n}\n",
        "the module has no 'interface', so it does not say which arrays it takes and gives",
    ),
    "no output": (
        """module @m attributes {interface = [{name = "x", kind = "input", dtype = "f32",
           shape = [-1, 5, 3], batch = 0}], form = "sample"} {
             func @main(%x: tensor<5x3xf32>) -> () {
               return : () -> ()
             }
           }""",
        "the model has no output by which a compressed one could be measured",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_modules_that_cannot_be_measured(case: str, capsys: Capture) -> None:
    text, message = FOUND[case]
    Path("odd.lstmir").write_text(text)
    words = ["odd.lstmir", *WORDS[1:], "--max-loss", "1"]
    status, found = refused(capsys, "compress", *words)
    assert status == 1
    assert message in found.splitlines()[0]


def test_an_error_in_the_data_leaves_nothing(capsys: Capture) -> None:
    write_data(Path("tiny.npz"), _without("x_train"))
    status, text = refused(capsys, "compress", *WORDS, "--max-loss", "1")
    expected = "error: tiny.npz has no array 'x_train'; its arrays: y_train, x_test, y_test"
    assert (status, text) == (1, expected)


def test_what_comes_out_is_compiled(without_tools: None, capsys: Capture) -> None:
    """The two ways to hardware give the same machine: compress then compile, or compile --max-loss."""
    assert main(["compress", *WORDS, "--max-loss", "30"]) == 0
    words = ["--data", "tiny.npz", "--macs", "4", "--no-synthesis", "-o"]
    assert main(["compile", "out.lstmir", *words, "first"]) == 0
    search = ["--recipe", "few", "--max-loss", "30"]
    assert main(["compile", "tiny.json", *words, "second", *search]) == 0
    first, second = (
        {path.name: path.read_text() for path in Path(folder, "verilog").iterdir()}
        for folder in ("first", "second")
    )
    assert first == second
    (stage,) = Path("second/stages").glob("*-approximate-activations.lstmir")
    assert stage.read_text() == OUT.read_text()
    summary = Path("second/summary.json").read_text()
    assert re.search(r'"recipe": "few{weights=\d activations=\d}"', summary)


def test_the_module_that_is_written_is_its_own_text() -> None:
    _compressed(30.0)
    text = OUT.read_text(encoding="utf-8")
    assert print_module(parse_module(text)) == text


def test_a_recipe_that_never_works() -> None:
    RECIPES["few"] = replace(FEW, grid={"weights": ("0",)})
    with pytest.raises(UserError, match="the recipe 'few': assign-bitwidths: "):
        _compressed(1.0)
    assert not OUT.exists()
