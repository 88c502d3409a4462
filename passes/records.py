"""What passes recorded on operations: what a clean-up must respect, and what a change makes untrue."""

from __future__ import annotations

from collections.abc import Iterable

from lstmir.ir.attached import OF_PARAMETERS
from lstmir.ir.attributes import RECORDS
from lstmir.ir.definition import definition_of
from lstmir.ir.module import Module
from lstmir.ir.operands import argument_operand, segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.passes.sums import sums_of_products

_OF_RESULT = ("range", "histogram", "proven")
_OBSERVED = frozenset(
    {
        *_OF_RESULT,
        "gram",
        "sensitivity",
        "basis",
        "clipped",
        "operand_clipped",
        "missed",
        "operand_missed",
    }
)


def is_decided(op: Operation) -> bool:
    """Whether a pass decided something about this operation, such as its format or its cycle.

    What was observed is no decision: it goes with the value that it describes.
    """
    own = {attribute.name for attribute in definition_of(op.name).attributes}
    return bool(op.attributes.keys() & RECORDS.keys() - own - _OBSERVED)


def has_room(op: Operation) -> bool:
    """Whether what is observed of a computed value can stand on its operation: there is one result."""
    return len(op.result_types) == 1 and op is not op.parent.entry and op.name != "tensor.constant"


def drop_records(module: Module, changed: Iterable[Value] | None = None) -> None:
    """Forget what `calibrate` recorded of the values that depend on the changed ones; or everything.

    A Gram matrix is one of the vectors that are multiplied: other weights leave it true.
    """
    if changed is None:
        _drop_all(module)
        return
    stale = _dependents(changed)
    if stale:
        drop_sensitivities(module)
    for sum_ in sums_of_products(module):
        if stale.intersection(sum_.vectors):
            sum_.total.attributes.pop("gram", None)
    for op in {value.op for value in stale}:
        for name in _OF_RESULT:
            op.attributes.pop(name, None)


def _drop_all(module: Module) -> None:
    for op in module.walk():
        for name in (*_OF_RESULT, "gram"):
            op.attributes.pop(name, None)
    drop_sensitivities(module)
    for name in ("ranges", OF_PARAMETERS):
        module.main.attributes.pop(name, None)
    module.attributes.pop("calibration", None)


def drop_sensitivities(module: Module) -> None:
    """They are about the network as a whole."""
    for op in module.walk():
        op.attributes.pop("sensitivity", None)
    module.attributes.pop("storages", None)


def _dependents(changed: Iterable[Value]) -> set[Value]:
    """All values that depend on these, at any step of a loop."""
    waiting, found = list(changed), set[Value]()
    while waiting:
        value = waiting.pop()
        for user, index in value.op.parent.uses(value):
            new = set(_fed(user, index)) - found
            found |= new
            waiting += new
    return found


def _fed(user: Operation, operand: int) -> list[Value]:
    """The values that an operand of an operation has a part in."""
    fed = list(user.results)
    owner = user.parent.owner
    if user.regions:
        arguments = user.regions[0].arguments
        fed += [v for v in arguments if argument_operand(user, v.index) == operand]
    if owner is not None and user is user.parent.terminator:
        # A state comes back; to know which is not worth the while, all of them are taken for it.
        fed += [*owner.results, *_returning(owner)]
    return fed


def _returning(owner: Operation) -> list[Value]:
    """The arguments of a loop's body that hold what the step before gave."""
    states = segment_range(owner, "state") if owner.name == "rnn.scan" else range(0)
    return [v for v in owner.regions[0].arguments if argument_operand(owner, v.index) in states]
