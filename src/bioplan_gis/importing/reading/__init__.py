"""Files opened and read: what was given, what it is, and its rows as Arrow batches, in a process of its own."""
