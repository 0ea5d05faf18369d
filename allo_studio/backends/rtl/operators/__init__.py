"""The operators of hardware as circuits: integers of any width and floats, with as many registers as are asked for."""
