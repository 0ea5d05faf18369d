"""What a design is turned into: one package a tool."""
