"""A copy of the store in a folder, and back: rows by columns, through the native port alone.

``tables`` what is copied; ``cutoffs`` up to which offsets; ``plan`` in which pieces; ``arrow`` the files; ``manifest``
what a folder says of itself; ``folder`` how it becomes whole; ``dump``, ``check`` and ``fill`` do the work.
"""
