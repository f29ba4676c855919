"""Check that a wheel holds exactly the package: all under src/tutorcore, the examples that are no programs, no more.

python -m tools.wheel_contents dist/tutorcore-0.1.0-py3-none-any.whl
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_SOURCE = _ROOT / "src"
_EXAMPLES = _ROOT / "examples"


def expected() -> set[str]:
    """Return what the wheel must hold, by its paths in the wheel."""
    files = (path for path in (_SOURCE / "tutorcore").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    examples = (path for path in _EXAMPLES.rglob("*") if path.suffix in (".toml", ".ics"))
    return {path.relative_to(_SOURCE).as_posix() for path in files} | {
        f"tutorcore/cli/examples/{path.relative_to(_EXAMPLES).as_posix()}" for path in examples
    }


def held(wheel: Path) -> set[str]:
    """Return what the wheel holds, its metadata left out."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.partition("/")[0].endswith(".dist-info")}


def main(wheel: Path) -> int:
    """Print the differences; return 1 if there are any."""
    want, have = expected(), held(wheel)
    for name in sorted(want - have):
        print(f"missing in the wheel: {name}")
    for name in sorted(have - want):
        print(f"in the wheel only: {name}")
    print(f"{len(want & have)} files as expected")
    return 0 if want == have else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
