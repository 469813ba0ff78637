"""placeholder"""


def chain():
    pass


def derivation():
    pass
