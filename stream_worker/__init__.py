"""Pattern E: keeps every member's conversation row at the group's newest message."""
