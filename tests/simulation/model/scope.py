"""How large a world is searched, and which guards of the algorithm are in place."""

from dataclasses import dataclass
from enum import Enum


class Guard(Enum):
    """A rule of the algorithm that can be taken away, to see what it is for."""

    ROWS_FIRST = "rows-first"
    MESSAGE_STANDS = "message-stands"
    MESSAGE_GONE = "message-gone"
    WHOLE_ROW = "whole-row"
    OWN_RECORDS = "own-records"
    ROW_STANDS = "row-stands"
    GONE_OF_DUPLICATES = "gone-of-duplicates"


@dataclass(frozen=True, slots=True)
class Scope:
    """One world: a group, one member, some messages and workers, clients without end."""

    workers: int = 2
    messages: int = 2
    texts: str = "ab"
    """What clients write. Texts are only ever compared for equality: a second one is another text, and the first again
    is the text as it was (ABA); a third would show nothing new."""
    torn: bool = True
    """A Query reads position by position, with others in between; else a list is read at one moment."""
    duplicates: bool = False
    """The original left two rows; else there is one."""
    others_write: bool = False
    """Somebody else changes an attribute of the row, as the rules for other writers ask (a fresh `row_rev`)."""
    only_lasting: bool = False
    """A transaction that makes a row wrong is no fault if the row comes right before all is quiet."""
