r"""Print the derivation book: ``make papers``.

Writes below ``papers/build``: one LaTeX section for each wall (to be ``\\input`` into anybody's book), one file of macros with
the values of the worked examples, the book that holds them all, and the web form. Two runs write the same bytes.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import worked

import mlsysim
from mlsysim.evaluation import Evaluation
from mlsysim.symbolic.graph import Chapter, chapters, graph
from mlsysim.symbolic.printing.latex_page import PREAMBLE, WallPage
from mlsysim.symbolic.printing.page import derivation, section
from mlsysim.symbolic.printing.values import said_in_latex
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.wall import Wall

HERE = Path(__file__).parent
BUILD = HERE / "build"
TITLE = "The walls of machine-learning systems, derived and checked"
AUTHOR = "The mlsysim authors"


def macros(values: Mapping[str, tuple[Quantity, float | None]]) -> str:
    r"""One macro for each value, named by dotted words: ``\\mlsysimTrainingPerformanceLatency``."""
    lines = []
    for name, (quantity, value) in values.items():
        if value is not None:
            words = "".join(part.capitalize() for part in re.split(r"[._]", name))
            lines.append(rf"\newcommand{{\mlsysim{words}}}{{\ensuremath{{{said_in_latex(quantity, value)}}}}}")
    return "\n".join(lines) + "\n"


def metrics(name: str, evaluation: Evaluation) -> dict[str, tuple[Quantity, float | None]]:
    """The metrics of an example plan, with the quantity that each one is."""
    of = graph(evaluation.variant)
    return {f"{name}.{metric}": (of.quantity(metric), value) for metric, value in evaluation.metrics.items()}


def book(stated: list[tuple[Chapter, Wall]]) -> str:
    """The document that holds every section."""
    inputs = "\n".join(rf"\input{{walls/{wall.name}}}\clearpage" for _, wall in stated)
    return rf"""\documentclass[11pt]{{article}}
\pdfinfoomitdate=1 \pdftrailerid{{}} \pdfsuppressptexinfo=-1
{PREAMBLE}\usepackage[hidelinks,hypertexnames=false]{{hyperref}}
\hypersetup{{pdftitle={{{TITLE}}}, pdfauthor={{{AUTHOR}}}}}
\input{{values}}
\title{{{TITLE}}}
\author{{{AUTHOR}}}
\date{{Version {mlsysim.__version__}}}
\begin{{document}}
\maketitle
\noindent A computer-algebra system recomputed every step below when it was last changed. The worked examples are the
equations above them with values of the registry.
\tableofcontents\clearpage
{inputs}
\bibliographystyle{{plain}}
\bibliography{{references}}
\end{{document}}
"""


def main() -> int:
    """Write everything and say where."""
    shutil.rmtree(BUILD, ignore_errors=True)
    for folder in ("walls", "web"):
        (BUILD / folder).mkdir(parents=True)
    plans = {name: mlsysim.evaluate(plan) for name, plan in worked.PLANS.items()}
    values = {key: value for name, plan in plans.items() for key, value in metrics(name, plan).items()}
    stated = [(chapter, chapter.wall) for chapter in chapters() if chapter.is_wall and chapter.wall]
    for chapter, wall in stated:
        page = section(chapter, wall, WallPage(cite=r"\cite{{{}}}")).replace(r"\section*{", r"\section{", 1)
        example = worked.example(wall, plans)
        (BUILD / "walls" / f"{wall.name}.tex").write_text(page + example.latex(), encoding="utf-8")
        (BUILD / "web" / f"{wall.name}.html").write_text(derivation(chapter, wall, "web"), encoding="utf-8")
        results = [step.result.left for step in example.steps]
        values |= {q.name: (q, example.values[q.name]) for q in results if q.name not in plans["training"].metrics}
    (BUILD / "values.tex").write_text(macros(values), encoding="utf-8")
    (BUILD / "book.tex").write_text(book(stated), encoding="utf-8")
    shutil.copy(HERE / "references.bib", BUILD / "references.bib")
    sys.stdout.write(f"{len(stated)} walls, {sum(len(wall.derivation) for _, wall in stated)} steps: {BUILD}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
