"""Execute the book's notebooks, as many at a time as there are cores: `python book/_ext/execute.py`.

They go into the cache that `jupyter-book build` takes them from; left to itself, it would execute one after another.
"""

import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import jupyter_cache
import nbformat
import yaml
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution

BOOK = Path(__file__).resolve().parents[1]


def main(book: Path = BOOK) -> None:
    """Execute what the cache does not know; at the first cell that fails, say it and end with status 1."""
    cache = jupyter_cache.get_cache(book / "_build" / ".jupyter_cache")
    timeout = yaml.safe_load((book / "_config.yml").read_text(encoding="utf8"))["execute"]["timeout"]
    with ProcessPoolExecutor() as pool:
        under_way = {pool.submit(executed, path, timeout): path for path in unknown(book, cache)}
        for done in as_completed(under_way):
            path, result = under_way[done], done.result()
            if result.err is not None:
                pool.shutdown(wait=False, cancel_futures=True)
                sys.exit(f"{path.name}:\n{result.exc_string}")
            found = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
            cache.cache_notebook_bundle(found, check_validity=False, overwrite=True)
            print(f"{path.name}: {result.time:.0f} s", flush=True)


def unknown(book: Path, cache: JupyterCacheAbstract) -> list[Path]:
    """The notebooks whose code, as it stands, was not executed yet; the largest first, which may take the longest."""
    paths = []
    for path in sorted(book.glob("*.ipynb"), key=lambda path: -path.stat().st_size):
        try:
            cache.match_cache_notebook(nbformat.read(path, as_version=4))
        except KeyError:
            paths.append(path)
    return paths


def executed(path: Path, timeout: int) -> ExecutionResult:
    """A notebook as it comes out, executed beside the pages that it belongs to."""
    return single_nb_execution(nbformat.read(path, as_version=4), str(path.parent), timeout, allow_errors=False)


if __name__ == "__main__":
    main()
