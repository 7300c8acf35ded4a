"""A table for LaTeX: no wider than a line of text and no taller than a page, with its notes below."""

import re
import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd

NEEDS = "needs \\usepackage{booktabs} and \\usepackage{graphicx}; \\input it, without a float where it is longer than a page"
MAX_LETTERS = 96
"""Letters in a line of a table, gaps between columns among them. Some 81 fill a line of `article`; more are scaled."""
GAP = 1.5
"""Letters that a gap between two columns takes."""
MIN_LETTERS = 10
"""Cells are not wrapped to fewer letters than so."""
MAX_LINES = 44
"""Lines of a table before it goes on as another one, which a page may break before."""
BETWEEN = "\\rule[-6pt]{0pt}{0pt}"
"""Below a cell of several lines, so that rows are told apart."""
_TIE, _BREAK, _MINUS = "\u00a0", "\u200b", "\u2212"
_LETTERS = {
    "\\": "\\textbackslash{}",
    **{letter: f"\\{letter}" for letter in "_%&#${}"},
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    "–": "--",
    "≈": "$\\approx$",
    "±": "$\\pm$",
    "∞": "$\\infty$",
    "×": "$\\times$",
    "≤": "$\\leq$",
    "→": "$\\to$",
    "↑": "$\\uparrow$",
    "↓": "$\\downarrow$",
    "…": "\\ldots{}",
    _BREAK: "\\allowbreak{}",
    _MINUS: "$-$",
}


def latex_table(title: str, shown: pd.DataFrame, notes: Sequence[str]) -> str:
    """Text for \\input, for the packages booktabs and graphicx: the cells and, below them, the notes.

    Long cells are wrapped; columns of several levels that do not fit side by side stand one block below the other; what is
    still too wide is scaled.
    """
    pieces = [
        _fitted(shown.iloc[rows, columns], widths)
        for columns in _blocks(shown)
        for widths in [_widths(shown.iloc[:, columns])]
        for rows in _pages(shown.iloc[:, columns], widths)
    ]
    start = "\\par\\medskip\\begingroup\\footnotesize\\raggedright\\setlength{\\tabcolsep}{3pt}\\setlength{\\leftmargini}{1em}"
    listed = "\n".join(f"\\item[$\\bullet$] {latex_text(_breakable(note))}" for note in notes)
    below = f"\\begin{{itemize}}\\setlength{{\\itemsep}}{{0pt}}\\setlength{{\\parskip}}{{0pt}}\n{listed}\n\\end{{itemize}}\n"
    tables = "\\par\\medskip\n".join(pieces)
    return f"% {title}\n% {NEEDS}\n{start}\n{tables}{below if notes else ''}\\par\\endgroup\n"


def latex_text(text: str) -> str:
    """A text with LaTeX's own letters escaped, with signs that its fonts lack as commands, and `code` in a font of its own."""
    parts = re.split("`([^`]*)`", text)
    return "".join(f"\\texttt{{{_escaped(part)}}}" if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    text = re.sub(r"(?<![^\s\[(])-(?=\d)", _MINUS, text)
    # two hyphens would be a dash
    return "-{}-".join("".join(_LETTERS.get(letter, letter) for letter in part) for part in text.split("--"))


def _breakable(note: str) -> str:
    """Long words, such as paths, may be broken behind their signs."""
    return re.sub(r"\S{16,}", lambda word: re.sub(r"([/_=.-])(?=\w)", rf"\1{_BREAK}", word[0]), note)


def _blocks(shown: pd.DataFrame) -> list[list[int]]:
    """Columns that stand side by side; those without a head above them are in every block."""
    every = list(range(shown.shape[1]))
    if not isinstance(shown.columns, pd.MultiIndex):
        return [every]
    named = [place for place in every if not any(shown.columns[place][:-1])]
    heads = dict.fromkeys(shown.columns[place][:-1] for place in every if place not in named)
    blocks = [named]
    for head in heads:
        of = [place for place in every if shown.columns[place][:-1] == head]
        if blocks[-1] == named or _is_narrow(shown.iloc[:, blocks[-1] + of]):
            blocks[-1] = blocks[-1] + of
        else:
            blocks.append(named + of)
    return blocks


def _is_narrow(shown: pd.DataFrame) -> bool:
    return sum(max(map(len, cells)) for cells in _columns(shown)) <= _room(shown)


def _room(shown: pd.DataFrame) -> float:
    """Letters beside the gaps."""
    return MAX_LETTERS - GAP * shown.shape[1]


def _columns(shown: pd.DataFrame) -> list[list[str]]:
    """For each column its head and its cells, with what belongs together tied."""
    heads = [column[-1] if isinstance(column, tuple) else column for column in shown.columns]
    return [
        [_tied(str(text)) for text in (head, *cells)]
        for head, cells in zip(heads, shown.astype(str).to_numpy().T.tolist(), strict=True)
    ]


def _tied(text: str) -> str:
    text = re.sub(r"([±≈]) ", rf"\1{_TIE}", text)
    return re.sub(r"\[[^]]*\]", lambda interval: interval[0].replace(" ", _TIE), text)


def _widths(shown: pd.DataFrame) -> list[int]:
    """Letters that each column may have: the widest columns are wrapped first, and none within a word."""
    columns = _columns(shown)
    longest = [max(map(len, cells)) for cells in columns]
    words = [max(len(word) for text in cells for word in _wrapped(text, 1)) for cells in columns]
    for most in range(max(longest), MIN_LETTERS, -1):
        widths = [max(word, min(full, most)) for full, word in zip(longest, words, strict=True)]
        if sum(widths) <= _room(shown):
            return widths
    return [max(word, min(full, MIN_LETTERS)) for full, word in zip(longest, words, strict=True)]


def _wrapped(text: str, width: int) -> list[str]:
    lines = textwrap.wrap(text, max(width, 1), break_long_words=False) or [""]
    return [line.replace(_TIE, " ") for line in lines]


def _pages(shown: pd.DataFrame, widths: Sequence[int]) -> list[list[int]]:
    """Places of the lines of a table that stand together."""
    pages, filled = [[]], 0
    wrapped = [
        [len(_wrapped(text, width)) for text in cells[1:]] for cells, width in zip(_columns(shown), widths, strict=True)
    ]
    for place, lines in enumerate(map(max, zip(*wrapped, strict=True))):
        if pages[-1] and filled + lines > MAX_LINES:
            pages, filled = [*pages, []], 0
        pages[-1].append(place)
        filled += lines
    return pages


def _fitted(shown: pd.DataFrame, widths: Sequence[int]) -> str:
    """A tabular, scaled where it is wider than the line."""
    columns = [
        [_stacked(_wrapped(text, width), "t" if place else "b") for place, text in enumerate(cells)]
        for cells, width in zip(_columns(shown), widths, strict=True)
    ]
    heads: Iterable = [cells[0] for cells in columns]
    if isinstance(shown.columns, pd.MultiIndex):
        above = [tuple(map(latex_text, column[:-1])) for column in shown.columns]
        heads = pd.MultiIndex.from_tuples([(*top, head) for top, head in zip(above, heads, strict=True)])
    frame = pd.DataFrame(list(zip(*(cells[1:] for cells in columns), strict=True)), columns=heads)
    tabular = frame.to_latex(index=False, escape=False, multicolumn_format="c", column_format="l" * len(columns))
    fit = "\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi"
    return f"\\sbox0{{%\n{tabular.rstrip()}}}%\n\\noindent{fit}\n"


def _stacked(lines: Sequence[str], at: str) -> str:
    """Lines of a cell, the first (t) or last (b) of them on the line of its row."""
    # a bracket or star behind the end of a line would belong to it
    texts = [("{}" if line[:1] in ("[", "*") else "") + latex_text(line) for line in lines]
    if len(texts) == 1:
        return texts[0]
    joined = " \\\\ ".join(texts) + (BETWEEN if at == "t" else "")
    return f"\\begin{{tabular}}[{at}]{{@{{}}l@{{}}}}{joined}\\end{{tabular}}"
