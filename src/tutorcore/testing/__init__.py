"""What proves tutorcore, for whoever builds on it: sample policies, invariants, strategies and a stateful machine."""
