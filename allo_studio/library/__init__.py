"""Ready-made blocks: `files` gives their kernels, `catalogue` what there is, `adding` puts one into a design.

The kernels lie in `kernels/`. They are read as text, as those of a project are, and never imported.
"""
