"""Providers of meetings that need no account anywhere: a link by template, a Jitsi room, each other's handles."""
