"""Checkpoint: the state of a model must be written before it can be lost.

The write goes as fast as the nodes send or the file system takes, whichever is slower.
A job that copies its state to the hosts first waits only for the copy.
"""

from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.operations.checkpoint import background, size, stop, storage

wall = Wall(
    number=19,
    name="checkpoint",
    domain="operations",
    core=(
        stop.law,
        size.size_law,
        storage.slower,
        size.fourteen,
        storage.write_takes,
        stop.penalty_law,
        background.copy_law,
        background.asynchronous,
        background.copy_penalty_law,
        background.gain_law,
        background.background_loss,
        background.background_best,
        background.background_fits,
    ),
    binds="writing the state stops the job for longer than its failures allow",
    assumptions=(
        "the job stops while it writes, or while it copies to the hosts",
        "nodes write equal parts",
        "a write in the background slows nothing down and ends before the next begins",
    ),
    validity="checkpoints to one file system",
)
