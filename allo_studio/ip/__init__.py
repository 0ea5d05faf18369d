"""External IP as values: what a descriptor says of a block, in the forms that later stages take."""
