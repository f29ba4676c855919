"""What proves tutorcore, for whoever builds on it: contracts of the ports, sample policies and versions, invariants,
strategies and a stateful machine.
"""
