"""Fails on any #include between rooms of src/ that the table in docs/design.md lacks."""

import pathlib
import re
import sys


def allowed_edges(design: str) -> dict[str, set[str]]:
    """Reads the table `| folder under src/ | what lives there | may include ... |`."""
    edges: dict[str, set[str]] = {}
    in_table = False
    for line in design.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("folder under src/"):
            in_table = True
        elif in_table and len(cells) == 3:
            if not set(cells[0]) <= {"-"}:
                edges[cells[0]] = set(re.findall(r"[a-z]+", re.sub(r"\(.*?\)", "", cells[2])))
        elif in_table:
            break
    return edges


def main(root: pathlib.Path) -> int:
    edges = allowed_edges((root / "docs/design.md").read_text())
    assert len(edges) >= 15, f"docs/design.md: only {len(edges)} rooms found in the table"
    faults = []
    files = 0
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in {".h", ".cpp", ".cu"}:
            continue
        files += 1
        room = path.relative_to(root / "src").parts[0]
        if room not in edges:
            faults.append(f"{path.relative_to(root)}: room {room} is not in the table")
            continue
        allowed = edges[room] | {"base", room}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
            if match and "anything" not in allowed and match[1] not in allowed:
                faults.append(f"{path.relative_to(root)}:{number}: {room} may not include {match[1]}")
    print("\n".join(faults) or f"{files} files, no forbidden edge")
    return 1 if faults or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
