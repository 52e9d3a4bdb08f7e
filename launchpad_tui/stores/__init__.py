"""Object stores: one protocol, an adapter for each kind."""
