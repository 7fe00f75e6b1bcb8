"""Keep tables as Parquet: the same table gives the same bytes, and none is half-written."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from betyg.errors import DataError

__all__ = ["read", "write"]


def write(frame: pd.DataFrame, name: str, folder: str | Path) -> None:
    """Write a table as ``<folder>/<name>.parquet``.

    The table is written under a temporary name and moved when it is whole, so that whoever
    reads sees the old table or the new one, never a part.

    Parameters
    ----------
    frame : DataFrame
        The table; its index is not kept.
    name : str
        The table's name, e.g. ``cells``.
    folder : str or Path
        Made if it is not there.
    """
    target = Path(folder) / f"{name}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    attempt = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, attempt, compression="zstd")
        attempt.replace(target)
    finally:
        attempt.unlink(missing_ok=True)


def read(name: str, folder: str | Path) -> pd.DataFrame:
    """Read the table ``<folder>/<name>.parquet``.

    Raises
    ------
    DataError
        If it is not there, or is not a whole table.
    """
    path = Path(folder) / f"{name}.parquet"
    try:
        frame: pd.DataFrame = pq.read_table(path).to_pandas()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: table '{name}' has not been made. `make report` runs the notebook that "
            "writes it; in Jupyter, run the notebooks before this one first."
        ) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path}: table '{name}' cannot be read ({str(error).splitlines()[0]}). "
            "Delete the file and run `make report`, which makes it again."
        ) from error
    return frame
