"""Data that the library reads: devices, operator tables."""
