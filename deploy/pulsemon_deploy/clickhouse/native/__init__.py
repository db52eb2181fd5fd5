"""ClickHouse's native protocol at revision 54429.

At this revision the engine's Native format is byte for byte what goes over the wire, so answers pass through undecoded
and inserted blocks are only measured. Newer revisions put bytes between the columns that the engine's format has not.
"""

REVISION = 54429
