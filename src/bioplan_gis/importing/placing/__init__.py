"""Where coordinates are: declared, told, or guessed and asked about; and in which district they land."""
