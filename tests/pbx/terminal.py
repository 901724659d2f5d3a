# SPDX-License-Identifier: GPL-2.0-only
"""The screen of a terminal as a picture: its lines as text in SVG, which can be read out, searched and compared."""
import html
import re

WIDE, HIGH, ROOM = 8.4, 19, 16  # of a character, of a line, around all of them
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" role="img">
<title>{title}</title>
<style>rect{{fill:#16191d;stroke:#3c434b}}text{{font:14px "DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e6e9ec;white-space:pre}}</style>
<rect x="0.5" y="0.5" width="{inner_width:.0f}" height="{inner_height}" rx="8"/>
"""


def draw(path, lines, title):
    """Write a picture of these lines."""
    width, height = ROOM * 2 + WIDE * max(map(len, lines)), ROOM * 2 + HIGH * len(lines)
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEAD.format(width=width, height=height, inner_width=width - 1, inner_height=height - 1, title=html.escape(title)))
        for number, line in enumerate(lines):
            # Characters stand where they would, whatever font the viewer has.
            if line.strip():
                out.write(f'<text x="{ROOM}" y="{ROOM + HIGH * number + 14}" textLength="{WIDE * len(line):.1f}" '
                          f'lengthAdjust="spacingAndGlyphs" xml:space="preserve">{html.escape(line, quote=False)}</text>\n')
        out.write("</svg>\n")


def lines(path):
    """The lines of such a picture that are not empty."""
    with open(path, encoding="utf-8") as file:
        return [html.unescape(text) for text in re.findall(r"<text [^>]*>(.*)</text>", file.read())]
