"""Zones: the rules by which clocks are set, and which instants wall times mean."""
