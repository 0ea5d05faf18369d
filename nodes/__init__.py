"""The canvas: NodeGraphQt as a view of the design, and nothing but a view."""
