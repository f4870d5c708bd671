"""The picture in Graphviz's language, for whoever wants to lay it out with other tools."""

from guardrails.tasks.graph.picture import Picture


def picture_as_dot(picture: Picture) -> str:
    """Return a `digraph` with a rank for each row; what the layers forbid is red."""
    lines = [
        f"digraph {_quoted(picture.package or 'tree')} {{",
        '  rankdir=TB; node [shape=box, style=rounded, fontname="sans-serif"]; edge [color="#777777"];',
    ]
    for row in picture.rows:
        names = "; ".join(_quoted(one.name) for one in row)
        lines.append(f"  {{ rank=same; {names}; }}")
    tops = [row[0].name for row in picture.rows]
    if len(tops) > 1:
        lines.append(f"  {' -> '.join(map(_quoted, tops))} [style=invis];")
    for one in picture.arrows:
        look = f', color="#c62828", tooltip={_quoted(one.objection)}' if one.objection else ""
        lines.append(f'  {_quoted(one.importer)} -> {_quoted(one.imported)} [label="{one.count}"{look}];')
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
