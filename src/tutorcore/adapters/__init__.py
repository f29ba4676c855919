"""Adapters: the stores that come in the box. Each is imported from its own module, so that none costs the others."""
