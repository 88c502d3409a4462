"""What has no form in lstmir is refused in one line that names the node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from onnx import NodeProto

from lstmir.ir.diagnostics import UserError
from tests.frontends.refused_cases import REFUSED

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named_with_its_node(name: str, bench: Bench) -> None:
    refused, weights, message = REFUSED[name]
    named = NodeProto()
    named.CopyFrom(refused)
    named.name = "/it"
    model = bench.model([named], {"x": ("batch", 5, 4)}, weights=weights)
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == f"error: node '/it' ({refused.op_type}): {message}"
