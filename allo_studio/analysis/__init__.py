"""What a kernel does to memory, as integer sets: accesses, dependences, ports, parallel loops (isl)."""
