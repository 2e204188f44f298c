"""Columns of a file as columns of a layer: names, types, quantities, land classes, indicators."""
