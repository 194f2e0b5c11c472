"""How fast the site is, measured against a floor in the same run: ``python -m benchmarks --help``.

Every server is the real gunicorn with production settings (``DEBUG`` off, requests counted), on a port of
its own, over a database of demo data that is built once. Clients are many, as outside: each request comes
with another student's key or from another address, so that nobody meets a limit.
"""
