"""Schedule steps: one file a primitive, each a frozen value with `check(ir)` and `apply(ir)`."""
