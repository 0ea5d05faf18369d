#!/bin/sh
# Print the newest usable Python (3.11 to 3.13), one that can make environments before one that cannot.
# A name on the path is no proof that it runs (version managers leave stubs), so each candidate is run.
candidates="python3.13 python3.12 python3.11 python3 python"

for modules in "venv, ensurepip" "sys"; do
    for name in $candidates; do
        if "$name" -c "import $modules, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" >/dev/null 2>&1
        then
            command -v "$name"
            exit 0
        fi
    done
done
echo "Allo Studio needs Python 3.11, 3.12 or 3.13, and none of these is one that runs: $candidates." >&2
echo "Install one (on Debian or Ubuntu: apt-get install python3 python3-venv)" >&2
echo "or name one: make run PYTHON=/path/to/python3.12" >&2
exit 1
