"""Checks a module against the operation table and reports every violation.

First the shape of each operation is judged: its counts, attributes, regions and resource. Types
and values are judged only in functions whose operations all have the right shape, so the rules of
the dialects may rely on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from lstmir.ir.attached import OF_PARAMETERS, attached, is_attached
from lstmir.ir.attributes import check_attributes
from lstmir.ir.constants import check_constant
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, check_count, definition_of
from lstmir.ir.diagnostics import Diagnostics, Invalid
from lstmir.ir.interface import check_interface
from lstmir.ir.module import Function, Module
from lstmir.ir.naming import RESOURCE_NAME, SYMBOL
from lstmir.ir.operands import check_segments
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, Type, element_of, holds
from lstmir.ir.uses import CycleError
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType

_FUNCTION_ENDS = ("return", "rtl.next")
_ENCODED = "an encoding says how a constant is stored; no other value has one"


def verify(module: Module) -> None:
    """Raise `UserError` with all violations of a module, each at its operation."""
    diagnostics = Diagnostics()
    for name in (module.name, *module.functions):
        if not SYMBOL.fullmatch(name):
            diagnostics.error(f"'{name}' is no name: it may have letters, digits, '_' and '.'")
    try:
        check_interface(module)
    except Invalid as error:
        diagnostics.error(str(error), module.location)
    for function in module.functions.values():
        _verify_function(module, function, diagnostics)
    diagnostics.raise_if_any()


def _check_ports(function: Function, diagnostics: Diagnostics) -> None:
    """Streams carry what is stored, not every exact result."""
    parameters = function.region.entry.result_types
    for what, types in (("parameter", parameters), ("result", function.result_types)):
        for index, type_ in enumerate(types):
            element = element_of(type_)
            if isinstance(element, FixedType) and element.width > MAX_STORED_WIDTH:
                message = f"a port has at most {MAX_STORED_WIDTH} bits: {what} {index} is {type_}"
                diagnostics.error(message, function.location)


def _verify_function(module: Module, function: Function, diagnostics: Diagnostics) -> None:
    end = function.region.terminator
    if end is None:
        diagnostics.error(f"function @{function.name} has no terminator", function.location)
        return
    if end.name not in _FUNCTION_ENDS:
        expected = " or ".join(f"'{name}'" for name in _FUNCTION_ENDS)
        diagnostics.error(f"a function ends with {expected}, not '{end.name}'", end.location)
        return
    if end.name == "return" and function.name == "main" and "interface" in module.attributes:
        _check_ports(function, diagnostics)
    if _encoded(function.region.entry):
        diagnostics.error(_ENCODED, function.location)
    _check_histograms(module, function, diagnostics)
    before = len(diagnostics.errors)
    order = _ordered(function.region, diagnostics)
    alike = _alike(order)
    _judge(order, alike, lambda op: _check_shape(module, op), diagnostics)
    if len(diagnostics.errors) == before:
        _judge(order, alike, lambda op: _check_types(module, op), diagnostics)


def _ordered(region: Region, diagnostics: Diagnostics) -> list[Operation]:
    """The operations of a region and of those inside it; a region with a loop gives none."""
    try:
        order = region.operations()
    except CycleError:
        place = region.owner.location if region.owner else None
        diagnostics.error("operations form a loop without a register or state in it", place)
        return []
    found = []
    for op in order:
        found.append(op)
        for inner in op.regions:
            found += _ordered(inner, diagnostics)
    return found


def _alike(operations: Sequence[Operation]) -> Sequence[list[Operation]]:
    """Operations that differ in names and places only, together."""
    found: dict[Hashable, list[Operation]] = defaultdict(list)
    for op in operations:
        found[_kind(op)].append(op)
    return list(found.values())


def _kind(op: Operation) -> Hashable:
    """Equal for operations that differ in names and places only."""
    if op.attributes or op.regions or op is op.parent.terminator:
        return op
    # Types by identity: they live as long as the module, and the parser makes one of equal texts.
    types = [id(producer.result_types[index]) for producer, index in op.operands]
    return op.name, *types, None, *map(id, op.result_types)


def _judge(
    order: Sequence[Operation],
    alike: Sequence[Sequence[Operation]],
    check: Callable[[Operation], bool],
    diagnostics: Diagnostics,
) -> None:
    """Check all operations; of those that are alike the first only, where `check` gives True."""
    errors: dict[Operation, str] = {}
    for operations in alike:
        for op in operations:
            try:
                if check(op):
                    break
            # Formats and shapes refuse what they cannot be with a ValueError.
            except (Invalid, ValueError) as error:
                errors[op] = str(error)
    if errors:
        for op in order:
            if op in errors:
                diagnostics.error(errors[op], op.location)


def _check_shape(module: Module, op: Operation) -> bool:
    """Counts, attributes, regions and resource."""
    definition, operands = definition_of(op.name), op.operands
    check_count(definition.operands, len(operands), "operand", op.name)
    check_count(definition.results, len(op.result_types), "result", op.name)
    check_attributes(definition, op.attributes)
    check_segments(definition, op.attributes, len(operands))
    _check_regions(definition, op)
    if definition.takes_resource:
        _check_resource(module, op)
    elif _encoded(op):
        raise Invalid(_ENCODED)
    for name, type_ in attached(op.attributes):
        _check_array(module, name, type_)
    return True


def _encoded(op: Operation) -> bool:
    return any(isinstance(type_, TensorType) and type_.encoding for type_ in op.result_types)


def _check_types(module: Module, op: Operation) -> bool:
    """Types and values. Gives whether nothing but types and attributes was looked at."""
    definition = definition_of(op.name)
    context = OpContext(op.operands, op.attributes, module.resources, op)
    # Before the others: those may look into the region.
    if definition.region_arguments is not None:
        _check_arguments(op, list(definition.region_arguments(context)))
    if definition.infer is not None:
        _check_results(op, definition.infer(context))
    if definition.verify is not None:
        definition.verify(context, op.result_types)
    return context.is_local


def _check_arguments(op: Operation, expected: Sequence[Type]) -> None:
    found = op.regions[0].entry.result_types
    if expected != found:
        raise Invalid(
            f"the region of '{op.name}' takes ({_join(found)}), expected ({_join(expected)})"
        )


def _check_results(op: Operation, inferred: Sequence[Type]) -> None:
    if len(op.result_types) != len(inferred):
        count = len(op.result_types)
        raise Invalid(f"'{op.name}' gives {len(inferred)} result(s) here, not {count}")
    for index, (declared, narrowest) in enumerate(zip(op.result_types, inferred, strict=True)):
        if not holds(declared, narrowest):
            raise Invalid(
                f"result {index} of '{op.name}' is {declared}, "
                f"which does not hold every possible value: it needs {narrowest}"
            )


def _join(types: Sequence[Type]) -> str:
    return ", ".join(map(str, types))


def _check_regions(definition: OpDefinition, op: Operation) -> None:
    expected = int(definition.has_region)
    if len(op.regions) != expected:
        raise Invalid(f"'{op.name}' has {len(op.regions)} region(s), expected {expected}")
    if definition.terminator != (op is op.parent.terminator):
        place = "only at" if definition.terminator else "not at"
        raise Invalid(f"'{op.name}' may stand {place} the end of a region")
    for region in op.regions:
        if region.terminator is None:
            raise Invalid(f"the region of '{op.name}' has no terminator")


def _check_resource(module: Module, op: Operation) -> None:
    name = op.attributes["resource"]
    if not RESOURCE_NAME.fullmatch(name):
        raise Invalid(f"'{name}' is no name of a resource")
    if name not in module.resources:
        raise Invalid(f"there is no resource @{name}")
    type_ = op.result_types[0]
    if not isinstance(type_, TensorType):
        raise Invalid(f"'{op.name}' makes a tensor, not {type_}")
    _check_array(module, name, type_)


def _check_array(module: Module, name: str, type_: TensorType) -> None:
    array = module.resources.get(name)
    if array is None:
        raise Invalid(f"there is no resource @{name}")
    check_constant(type_, array, name)


def _check_histograms(module: Module, function: Function, diagnostics: Diagnostics) -> None:
    """One for each parameter, if there are any."""
    records = function.attributes.get(OF_PARAMETERS)
    if records is None:
        return
    count = len(function.parameters)
    try:
        if (
            not isinstance(records, tuple)
            or len(records) != count
            or not all(map(is_attached, records))
        ):
            raise Invalid(
                f"the attribute '{OF_PARAMETERS}' of @{function.name} must be a list of {count} "
                'records of arrays, each {resource = "...", type = tensor<...>}'
            )
        for name, type_ in attached(function.attributes):
            _check_array(module, name, type_)
    except Invalid as error:
        diagnostics.error(str(error), function.location)
