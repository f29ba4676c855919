"""The command line: puts engine and adapters together, and prints what comes of it. Knows rules of no kind.

Importing this package loads only what it takes to understand a command; each verb brings what it needs.
"""

from tutorcore.cli.entry import main

__all__ = ["main"]
