"""BioPlan GIS: a plan's layout, its land and its laboratories as data, map and defended answers."""
