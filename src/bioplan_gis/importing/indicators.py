"""Indicators of a 标准地 notice. (Names first; the rows follow.)"""

from bioplan_gis.importing.fields_zh import Match


def indicator_of(name: str) -> Match | None:
    """The indicator that a column name means; None if it means none."""
    return None
