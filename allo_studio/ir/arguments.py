"""A kernel with an argument turned into a constant of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.ir.attributes import set_strings, set_text, set_text_map, strings, text_map
from allo_studio.ir.binding import in_context, ir, memref
from allo_studio.ir.build import memref_type, scalar_type
from allo_studio.ir.kernel import KernelIR
from allo_studio.ir.rewrite import at_start
from allo_studio.types import ArrayType

__all__ = ["with_table"]


def with_table(kernel: KernelIR, argument: str, bits: NDArray[Any]) -> KernelIR:
    """Return the kernel with an input as a table of its own, of the same name and layout.

    `bits` are the elements' bits (`words.to_bits`), in the argument's shape; an argument of rank 0 becomes a number.
    Raises ValueError where there is no such input, it has another shape, or other functions of the module call it.
    """
    changed = kernel.clone()
    known = next((a for a in changed.arguments() if a.name == argument and a.direction == "in"), None)
    if known is None or known.type.shape != bits.shape or known.type.sizes:
        raise ValueError(f"{kernel.name} has no input {argument} of shape {bits.shape}")
    function = changed.function
    position = strings(function, "allo.args").index(argument)
    with in_context():
        value = changed.body.arguments[position]
        if known.scalar:
            value.replace_all_uses_with(_number(changed, known.type, bits))
        else:
            value.replace_all_uses_with(_table(changed, argument, known.type, bits))
        changed.body.erase_argument(position)
        kept = [a.type for a in changed.body.arguments]
        function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(kept, []))
        for name in ("allo.args", "allo.directions"):
            entries = list(strings(function, name))
            del entries[position]
            set_strings(function, name, entries)
        for name in ("allo.types", "allo.memories"):
            entries_of = text_map(function, name)
            if argument in entries_of:
                set_text_map(function, name, {k: v for k, v in entries_of.items() if k != argument})
    changed.verify()
    return changed


def _number(kernel: KernelIR, kind: ArrayType, bits: NDArray[Any]) -> ir.Value:
    made = {"value": ir.DenseElementsAttr(_dense(ArrayType(kind.element, (1,)), bits.reshape(1))).get_splat_value()}
    element = scalar_type(kind.element)
    op = ir.Operation.create("arith.constant", [element], [], made, ip=at_start(kernel.body))
    return op.results[0]


def _table(kernel: KernelIR, name: str, kind: ArrayType, bits: NDArray[Any]) -> ir.Value:
    function = kernel.function
    symbols = {str(ir.StringAttr(op.operation.attributes["sym_name"]).value) for op in kernel.module.body.operations}
    symbol, number = f"{kernel.name}_{name}", 1
    while symbol in symbols:
        symbol, number = f"{kernel.name}_{name}_{number}", number + 1
    memory = text_map(function, "allo.memories").get(name)
    declared = text_map(function, "allo.types").get(name)
    place = kernel.body.arguments[strings(function, "allo.args").index(name)].location
    memref.GlobalOp(
        symbol,
        ir.TypeAttr.get(memref_type(kind)),
        sym_visibility=ir.StringAttr.get("private"),
        initial_value=_dense(kind, bits),
        constant=ir.UnitAttr.get(),
        loc=place,
        ip=ir.InsertionPoint(function),
    )
    op = memref.GetGlobalOp(memref_type(kind), symbol, loc=place, ip=at_start(kernel.body)).operation
    for key, value in (("allo.name", name), ("allo.memory", memory), ("allo.type", declared)):
        if value is not None:
            set_text(op, key, value)
    return op.result


def _dense(kind: ArrayType, bits: NDArray[Any]) -> ir.Attribute:
    """Return elements as an attribute: as bytes where MLIR reads their width so, else one by one."""
    element = scalar_type(kind.element)
    shape = ir.RankedTensorType.get(list(kind.shape), element)
    width = kind.element.bits
    if width in (8, 16, 32, 64):
        data = np.ascontiguousarray(bits).astype(f"<u{width // 8}").tobytes().hex()
        return ir.Attribute.parse(f'dense<"0x{data}"> : {shape}')
    integers = ir.IntegerType.get_signless(width)
    numbers = bits.ravel().tolist()
    made = {number: ir.Attribute.parse(f"{int(number)} : {integers}") for number in set(numbers)}
    if len(made) == 1:
        return ir.DenseElementsAttr.get_splat(shape, next(iter(made.values())))
    return ir.DenseElementsAttr.get([made[number] for number in numbers], shape)
