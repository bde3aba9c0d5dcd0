"""Execute the book's notebooks, as many at a time as there are cores: `python book/_ext/execute.py`.

They go into the cache that `jupyter-book build` takes them from; left to itself, it would execute one after another.
Beside them, what the page *Explore* needs of the weights is written.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import explorer_page
import jupyter_cache
import nbformat
import yaml
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution

BOOK = Path(__file__).resolve().parents[1]


def main(book: Path = BOOK, weights: Sequence[str] = ()) -> None:
    """Execute what the cache does not know, and write the scripts of `weights`; at the first cell that fails, say it
    and end with status 1."""
    cache = jupyter_cache.get_cache(book / "_build" / ".jupyter_cache")
    timeout = yaml.safe_load((book / "_config.yml").read_text(encoding="utf8"))["execute"]["timeout"]
    with ProcessPoolExecutor() as pool:
        under_way = {pool.submit(executed, path, timeout): path for path in unknown(book, cache)}
        scripts = [pool.submit(explorer_page.kept, name, book / "_build") for name in weights]
        for done in as_completed(under_way):
            path, result = under_way[done], done.result()
            if result.err is not None:
                pool.shutdown(wait=False, cancel_futures=True)
                sys.exit(f"{path.name}:\n{result.exc_string}")
            found = CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
            cache.cache_notebook_bundle(found, check_validity=False, overwrite=True)
            print(f"{path.name}: {result.time:.0f} s", flush=True)
        for script in scripts:
            script.result()


def unknown(book: Path, cache: JupyterCacheAbstract) -> list[Path]:
    """The notebooks whose code, as it stands, was not executed yet; first those whose metadata say that they take long,
    so that none is alone at the end."""
    notebooks = {path: nbformat.read(path, as_version=4) for path in sorted(book.glob("*.ipynb"))}
    paths = []
    for path in sorted(notebooks, key=lambda path: -notebooks[path].metadata.get("atomic", {}).get("seconds", 0)):
        try:
            cache.match_cache_notebook(notebooks[path])
        except KeyError:
            paths.append(path)
    return paths


def executed(path: Path, timeout: int) -> ExecutionResult:
    """A notebook as it comes out, executed beside the pages that it belongs to."""
    return single_nb_execution(nbformat.read(path, as_version=4), str(path.parent), timeout, allow_errors=False)


if __name__ == "__main__":
    main(weights=explorer_page.models())
