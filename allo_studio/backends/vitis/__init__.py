"""backends/vitis."""
