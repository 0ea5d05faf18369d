"""`python -m allo_studio` is the command `allo-studio`."""

import sys

from allo_studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
