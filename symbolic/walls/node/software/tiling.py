"""Tiling: a matrix product is cut into tiles, tiles run in waves, and the last of each is not full."""

from sympy import ceiling

from mlsysim.symbolic.quantity import count, ratio
from mlsysim.symbolic.rules import define, equation, given, specialise, substitute

rows = count("software.rows", r"m_{\mathrm{mm}}", "rows of a product", high=65536)
columns = count("software.columns", r"n_{\mathrm{mm}}", "columns of a product", high=65536)
tile_rows = count("software.tile_rows", r"m_{\mathrm{t}}", "rows of a tile", low=16, high=256)
tile_columns = count("software.tile_columns", r"n_{\mathrm{t}}", "columns of a tile", low=16, high=256)
processors = count("software.processors", "S", "processors that each compute one tile at a time", high=256)
tiles = count("software.tiles", r"n_{\mathrm{tiles}}", "tiles of a product", high=1 << 20)
waves = count("software.waves", r"n_{\mathrm{waves}}", "rounds in which the tiles run", high=1 << 14)
tile_share = ratio("software.tile_share", r"\eta_{\mathrm{tile}}", "share of the tiles that the product fills")
wave_share = ratio("software.wave_share", r"\eta_{\mathrm{wave}}", "share of the waves that tiles fill")
kernel_share = ratio("software.kernel", r"\eta_{\mathrm{krn}}", "share of peak inside a full tile")
gemm_share = ratio("software.gemm", r"\eta_{\mathrm{mm}}", "share of peak that matrix products reach")

cut = given(
    equation(tiles, ceiling(rows / tile_rows) * ceiling(columns / tile_columns)),
    because="tiles at the edge are computed whole",
    cite="nvidia2023matmul",
)
rounds = given(
    equation(waves, ceiling(tiles / processors)),
    because="the last wave takes as long as a full one",
    cite="nvidia2023matmul",
)
filled = define(
    equation(tile_share, rows * columns / (tiles * tile_rows * tile_columns)),
    because="what is asked for, of what is computed",
)
tile_law = substitute(
    filled,
    cut,
    result=equation(
        tile_share,
        rows * columns / (ceiling(rows / tile_rows) * ceiling(columns / tile_columns) * tile_rows * tile_columns),
    ),
    because="count the tiles",
)
busy_processors = define(
    equation(wave_share, tiles / (waves * processors)), because="tiles, of the places in all waves"
)
wave_law = substitute(
    busy_processors,
    rounds,
    result=equation(wave_share, tiles / (ceiling(tiles / processors) * processors)),
    because="count the waves",
)
together = define(
    equation(gemm_share, kernel_share * tile_share * wave_share), because="each loses a share of what the others leave"
)
gemm_law = substitute(
    together,
    tile_law,
    wave_law,
    cut,
    result=equation(
        gemm_share,
        kernel_share
        * (
            rows
            * columns
            / (
                ceiling(ceiling(rows / tile_rows) * ceiling(columns / tile_columns) / processors)
                * processors
                * tile_rows
                * tile_columns
            )
        ),
    ),
    because="of all places in all waves, those that the product fills",
)
whole_tiles = specialise(
    tile_law,
    {rows: tile_rows, columns: tile_columns},
    equation(tile_share, 1),
    because="a product of whole tiles loses nothing",
)
one_processor = specialise(
    wave_law, {processors: 1}, equation(wave_share, 1), because="one processor is never left without a tile"
)
