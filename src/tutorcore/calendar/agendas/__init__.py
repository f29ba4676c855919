"""Agendas: what takes people's time, and which starts can be booked, and why others cannot."""
