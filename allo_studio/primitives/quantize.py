"""`quantize`: another element type for an array, or for all floats of a function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from allo_studio.diagnostics import Diagnostic
from allo_studio.ir import Buffer, KernelIR, in_context
from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.rewrite import after, before
from allo_studio.primitives.base import BufferRef, Step, argument, fault
from allo_studio.primitives.conversions import convertible, recast
from allo_studio.primitives.floats import float_faults, retype_floats
from allo_studio.primitives.quantize_fixed import fix_floats, fixed_faults
from allo_studio.primitives.references import callees
from allo_studio.primitives.retype import LOADS, retype, retype_faults, uses_of
from allo_studio.types import ScalarType, parse_type

__all__ = ["Quantize"]


@dataclass(frozen=True)
class Quantize(Step):
    """Give an array another element type, or all floats of a function another float or fixed-point type.

    args:
        target: the array, an argument or a local one; or the function.
        type: the new type of an element, such as `float16`, `int8` or `Fixed(16, 10)`.

    rewrite:
        C: float32[8]                  C: float16[8]
        for i in range(8):       ->    for i in range(8):
            C[i] = S(i)                    C[i] = float16(S(i))
            T(C[i])                        T(float32(C[i]))

        An array's elements are converted as an assignment converts them: to the new type when they are stored, and
        back to the old one when they are loaded; all computing stays in the old type. This is the same kernel with
        the array declared in the new type where that is not the wider one. Of a function, every array, argument,
        number of the text and operation that is a float is one of the new type afterwards. In fixed point, every
        operation is exact by the rules of the language, and its result is converted to the type. The results are
        those of the new type, not those from before. An argument changes the kernel's interface: it comes and goes
        in the new type.

    fails:
        where the array has the type already, one of the types is a struct, or the array is given to a function, has a
        named size, or is a table of constants or state; of a function, where the type is an integer or a struct, the
        function reinterprets bits of floats, has tables or state of them, or exchanges them with another function;
        in fixed point also, where it computes what has no meaning there, such as `exp`, has a number out of the
        type's range, or has fixed-point numbers already that it may convert.
    """

    name: ClassVar[str] = "quantize"
    preserves: ClassVar[bool] = False
    target: BufferRef = field(metadata=argument("buffer", "the array, or the function"))
    type: str = field(metadata=argument("type", "the new type of an element, such as float16 or Fixed(16, 10)"))

    @property
    def _kind(self) -> ScalarType:
        return parse_type(self.type).element

    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply."""
        function = self._function(ir)
        if function is not None:
            find = fixed_faults if self._kind.kind == "fixed" else float_faults
            yield from find(function, self._kind)
            return
        buffer = ir.find_buffer(self.target)
        if buffer.type.element == self._kind:
            yield fault(f"{buffer.name} is {buffer.type} already", buffer.span, "choose another type")
            return
        if not convertible(buffer.type.element, self._kind):
            message = (
                f"an element of {buffer.name}, {buffer.type.element}, cannot be converted to {self._kind} and back"
            )
            yield fault(message, buffer.span, "choose a number type of a reasonable width")
            return
        yield from retype_faults(ir, buffer, "quantized")

    def _function(self, ir: KernelIR) -> KernelIR | None:
        """Return the kernel seen from the function that is meant, None where an array is."""
        names = {buffer.name for buffer in ir.buffers()}
        if self.target in names or self.target not in (ir.name, *callees(ir)):
            return None
        return ir.at(self.target)

    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Change the type, and convert at every access."""
        function = self._function(ir)
        with in_context():
            if function is not None:
                change = fix_floats if self._kind.kind == "fixed" else retype_floats
                change(function, self._kind)
            else:
                _convert_accesses(ir, ir.find_buffer(self.target), self._kind)
        return ir


def _convert_accesses(kernel: KernelIR, buffer: Buffer, kind: ScalarType) -> None:
    uses = uses_of(kernel, buffer)
    old = buffer.type.element
    retype(kernel, buffer, replace(buffer.type, element=kind))
    held = buffer.value.type.element_type
    for op in uses:
        if op.name in LOADS:
            readers = [(use.owner, use.operand_number) for use in op.result.uses]
            op.result.set_type(held)
            value = recast(Arithmetic(after(op), op.location), op.result, kind, old) if readers else op.result
            for reader, number in readers:
                reader.operands[number] = value
        else:
            op.operands[0] = recast(Arithmetic(before(op), op.location), op.operands[0], old, kind)
