r"""Print the derivation book: ``make papers``.

Writes below ``papers/build``: one LaTeX section for each wall (to be ``\\input`` into anybody's book), one file of macros with
the values of a worked example, the book that holds them all, and the web form. Two runs write the same bytes.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import mlsysim
from mlsysim.evaluation import Evaluation
from mlsysim.symbolic.graph import Chapter, chapters, graph
from mlsysim.symbolic.printing.latex_page import PREAMBLE, ChainPage, WallPage
from mlsysim.symbolic.printing.page import derivation, section
from mlsysim.symbolic.printing.values import said_in_latex
from mlsysim.symbolic.wall import Wall

HERE = Path(__file__).parent
BUILD = HERE / "build"
#: The worked examples: the plan of the README, and a model that is served.
TRAINING = HERE.parent / "examples" / "llama3_70b_training.yaml"
SERVING = {
    "version": "1.0",
    "workload": {"name": "Llama3_70B", "batch_size": 16},
    "hardware": {"name": "H100", "accelerators": 4},
    "ops": {"region": "Quebec", "duration_days": 14.0},
}


def worked_example(wall: Wall, evaluations: list[Evaluation]) -> str:
    """The wall's own equations with the values of a plan; the first plan that has any."""
    for evaluation in evaluations:
        of = graph(evaluation.variant)
        page = ChainPage(evaluation.values)
        lines = [page.line(of.steps[q], None) for q in of.order if of.chapter[q].wall is wall and of.chapter[q].is_wall]
        if lines:
            name = evaluation.design.loaded.plan.name or "Serving Llama-3 70B on four H100"
            return f"\\subsection*{{Worked example: {name}}}\n" + "\n".join(lines) + "\n"
    return ""


def macros(evaluation: Evaluation) -> str:
    r"""One macro for each metric of the training example: ``\\mlsysimPerformanceLatency``."""
    of = graph(evaluation.variant)
    lines = []
    for name, value in evaluation.metrics.items():
        if value is not None:
            words = "".join(part.capitalize() for part in re.split(r"[._]", name))
            lines.append(rf"\newcommand{{\mlsysim{words}}}{{\ensuremath{{{said_in_latex(of.quantity(name), value)}}}}}")
    return "\n".join(lines) + "\n"


def book(stated: list[tuple[Chapter, Wall]]) -> str:
    """The document that holds every section."""
    inputs = "\n".join(rf"\input{{walls/{wall.name}}}\clearpage" for _, wall in stated)
    return rf"""\documentclass[11pt]{{article}}
\pdfinfoomitdate=1 \pdftrailerid{{}} \pdfsuppressptexinfo=-1
{PREAMBLE}\usepackage[hidelinks]{{hyperref}}
\input{{values}}
\title{{The walls of machine-learning systems,\\derived and checked}}
\author{{The mlsysim authors}}
\date{{Version {mlsysim.__version__}}}
\begin{{document}}
\maketitle
\noindent Every step below was recomputed by a computer-algebra system while this book was printed. The worked examples are the
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
    evaluations = [mlsysim.evaluate(TRAINING), mlsysim.evaluate(SERVING)]
    stated = [(chapter, chapter.wall) for chapter in chapters() if chapter.is_wall and chapter.wall]
    for chapter, wall in stated:
        page = section(chapter, wall, WallPage(cite=r"\cite{{{}}}")).replace(r"\section*{", r"\section{", 1)
        (BUILD / "walls" / f"{wall.name}.tex").write_text(page + worked_example(wall, evaluations), encoding="utf-8")
        (BUILD / "web" / f"{wall.name}.html").write_text(derivation(chapter, wall, "web"), encoding="utf-8")
    (BUILD / "values.tex").write_text(macros(evaluations[0]), encoding="utf-8")
    (BUILD / "book.tex").write_text(book(stated), encoding="utf-8")
    shutil.copy(HERE / "references.bib", BUILD / "references.bib")
    sys.stdout.write(f"{len(stated)} walls, {sum(len(wall.derivation) for _, wall in stated)} steps: {BUILD}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
