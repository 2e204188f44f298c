"""The service's edge: routes parse a request, ask one question, and shape its answer."""
