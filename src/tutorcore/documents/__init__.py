"""Documents: TOML files read so that every mistake is shown at once, each at the line and word where it stands."""

from tutorcore.documents.places import Path
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Place, Source

__all__ = ["Path", "Place", "Problems", "Source", "Table"]
