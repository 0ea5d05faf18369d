"""The studio: windows and docks over the library. Nothing here decides anything about a design."""
