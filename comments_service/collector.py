"""Python's collector of garbage, kept from looking through what is imported: little of that is garbage.

To look takes a third of the time in which a server starts.
"""

import gc


def pause() -> bool:
    """Let it look for nothing; whether it did before."""
    was_on = gc.isenabled()
    gc.disable()
    return was_on


def go_on(was_on: bool) -> None:
    """Let it do what it did before `pause`; what was made meanwhile counts as old, without a look at it."""
    if was_on:
        if not gc.get_freeze_count():  # by somebody who has a use for it
            gc.freeze()
            gc.unfreeze()
        gc.enable()
