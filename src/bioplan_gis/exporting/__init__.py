"""Layers written as files: one module a kind of file; nothing here asks a database."""
