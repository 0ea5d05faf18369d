"""Flags with which a program ends where it does what C++ does not define."""

__all__ = ["SANITIZED"]

# The vendor's ap_int shifts negative numbers to the left, which C++20 defines as every compiler has it.
SANITIZED = ("-fsanitize=undefined", "-fno-sanitize=shift-base", "-fno-sanitize-recover=all")
