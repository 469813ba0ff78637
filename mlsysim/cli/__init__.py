"""The command line: ``mlsysim``. Its door is ``mlsysim.__main__``, which imports a command when it runs."""
