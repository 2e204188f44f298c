"""A bureau's own file becomes a layer: reading, placing, repairing and mapping it; nothing here touches a database."""
