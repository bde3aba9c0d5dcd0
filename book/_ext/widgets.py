"""A Sphinx extension for pages with widgets: without a kernel their state is dead weight, so it stays out."""


def drop_state(app, env):
    """Take what MyST-NB would put into the pages for a script that this book does not load."""
    for data in getattr(env, "nb_metadata", {}).values():
        data.get("js_files", {}).pop("ipywidgets_state", None)


def setup(app):
    """Do so once all pages are read."""
    app.connect("env-updated", drop_state)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
