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
    APPLIED_BELOW = "applied-below"
    UNAPPLY = "unapply"
    DOUBT = "doubt"


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
    memories: int = 0
    """How many of the workers remember what they have applied, and skip insertions by it; none: each batch is a new
    process's. One: whoever reads the shard of the messages (a new holder of the lease has forgotten); the others are
    zombies and readers of other shards, and acknowledge no messages."""
    only_puts: bool = False
    """Clients put new messages, and never edit or delete."""
    only_lasting: bool = False
    """A transaction that makes a row wrong is no fault if the row comes right before all is quiet."""

    def __str__(self) -> str:
        """What is not as usual."""
        flags = {
            "two rows": self.duplicates,
            "others write the row": self.others_write,
            f"{self.memories} with a memory": self.memories,
            "only puts": self.only_puts,
            "only what lasts": self.only_lasting,
            "Query at one moment": not self.torn,
        }
        parts = [f"{self.workers} workers", f"{self.messages} messages", f"texts {self.texts}"]
        return ", ".join(parts + [name for name, is_so in flags.items() if is_so])


IN_TESTS = (
    Scope(),
    Scope(texts="a", others_write=True),
    Scope(texts="a", torn=False, duplicates=True),
    Scope(workers=1, texts="a", memories=1),
)
IN_PROOF = (
    *IN_TESTS,
    Scope(messages=3),
    Scope(workers=3),
    Scope(others_write=True),
    Scope(messages=3, texts="a", others_write=True),
    Scope(workers=1, memories=1),
    Scope(workers=1, messages=3, texts="a", memories=1),
    Scope(texts="a", memories=1),
    Scope(texts="a", duplicates=True),
    Scope(torn=False, duplicates=True),
)
"""Minutes."""
