"""How calls reach handlers and leave them: routes, options, errors, and gRPC's own types."""
