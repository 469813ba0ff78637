"""``python -m mlsysim`` is ``mlsysim``."""

from mlsysim.cli import main

main()
