"""`expand-cells` names what is no operation on one vector at a time."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module

GRID = """module @m attributes {form = "sample"} {
  func @main(%x: tensor<4x5x2xf32>) -> tensor<4x5x1xf32> {
    %w = tensor.constant @w : tensor<1x2xf32>
    %y = linalg.linear %w, %x : (tensor<1x2xf32>, tensor<4x5x2xf32>) -> tensor<4x5x1xf32>
    return %y : tensor<4x5x1xf32>
  }
}
{-# resources: {w: "0x0000803f00000040"} #-}
"""


def test_a_product_at_each_place_of_a_grid() -> None:
    (expand,) = parse_pipeline("expand-cells")
    with pytest.raises(UserError) as error:
        expand.run(parse_module(GRID, "m"), Context())
    (found,) = error.value.diagnostics
    assert found.message == (
        "expand-cells: 'linalg.linear' over more than one axis is no vector operation"
    )
    # What feeds it is an input: to end with that would leave nothing.
    assert list(found.notes) == ["cut the model before it, and leave the rest to the host"]
