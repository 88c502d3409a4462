"""Recurrent networks as people write them in PyTorch, one of each kind that matters to an importer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

FEATURES, SCORES = 4, 3

LAYERS: dict[str, Callable[..., Any]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn_tanh": nn.RNN,
    "rnn_relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
}


@dataclass(frozen=True)
class Config:
    """What is special about a network: its layers, what stands around them, its free axes."""

    layer: str
    hidden: int
    layers: int = 1
    bidirectional: bool = False
    batch_first: bool = False
    around: str = "sequence"
    any_time: bool = False

    @property
    def name(self) -> str:
        """Such as `lstm_h64_l2_bi_states_time`."""
        marks = {
            f"l{self.layers}": self.layers > 1,
            "bi": self.bidirectional,
            "first": self.batch_first,
            self.around: True,
            "time": self.any_time,
        }
        return "_".join([self.layer, f"h{self.hidden}", *(m for m, said in marks.items() if said)])

    @property
    def directions(self) -> int:
        return 1 + self.bidirectional

    @property
    def batch(self) -> int:
        """Which axis of x counts samples; the other of the first two counts time steps."""
        return 0 if self.batch_first else 1

    @property
    def states(self) -> int:
        """How many initial states the network takes as inputs."""
        return (2 if self.layer == "lstm" else 1) if self.around == "states" else 0


# Every size with both depths and both directions. The other choices go round, so that each meets
# several sizes: the layout by turns, what stands around the layers in steps of one and time of three.
AROUND = ["states", "last", "zeros", "final", "sequence"]
_SHAPES = [(h, layers, bi) for h in (16, 64, 128) for layers in (1, 2) for bi in (False, True)]
CONFIGS = [
    Config("lstm", h, layers, bi, k % 2 == 1, AROUND[k % 5], k % 3 != 1)
    for k, (h, layers, bi) in enumerate(_SHAPES)
] + [
    Config("gru", 64, 2, True, True, "final", True),
    Config("gru", 16, around="states"),
    Config("rnn_tanh", 64, 1, True, False, "last", True),
    Config("rnn_relu", 16, 2, False, True, "states"),
]


class Network(nn.Module):  # type: ignore[misc]
    """The layers, and a dense one for those that end in scores."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.core = LAYERS[config.layer](
            FEATURES,
            config.hidden,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
            batch_first=config.batch_first,
            dropout=0.25 if config.layers > 1 else 0.0,
        )
        if config.around in ("last", "final"):
            self.head = nn.Linear(config.directions * config.hidden, SCORES)


class Sequence(Network):
    """All steps of the last layer."""

    def forward(self, x: Tensor) -> Tensor:
        return self.core(x)[0]


class Last(Network):
    """Scores from the last step."""

    def forward(self, x: Tensor) -> Tensor:
        steps, _ = self.core(x)
        return self.head(steps[:, -1] if self.config.batch_first else steps[-1])


class Final(Network):
    """Scores from the last states of the last layer, in each direction."""

    def forward(self, x: Tensor) -> Tensor:
        _, states = self.core(x)
        hidden = states[0] if self.config.layer == "lstm" else states
        ends = [hidden[k] for k in range(-self.config.directions, 0)]
        return self.head(torch.cat(ends, dim=1))


class Zeros(Network):
    """All steps, from states that are written out as zeros for each batch."""

    def forward(self, x: Tensor) -> Tensor:
        config = self.config
        count = config.layers * config.directions
        zeros = torch.zeros(count, x.size(config.batch), config.hidden)
        return self.core(x, (zeros, zeros) if config.layer == "lstm" else zeros)[0]


class States(Network):
    """All steps and the last states, from initial states that are inputs."""

    def forward(self, x: Tensor, *initial: Tensor) -> tuple[Tensor, ...]:
        steps, last = self.core(x, initial if self.config.layer == "lstm" else initial[0])
        return (steps, *last) if self.config.layer == "lstm" else (steps, last)


NETWORKS: dict[str, type[Network]] = {
    "sequence": Sequence, "last": Last, "final": Final, "zeros": Zeros, "states": States,
}  # fmt: skip
