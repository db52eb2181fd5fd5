"""Why a record goes to the dead letter: every reason once, with what happened in one sentence."""

from collections.abc import Mapping

NOT_APPLIED = "not_applied"
"""The one reason that is not about the record."""

REASONS: Mapping[str, str] = {
    "framing": "The record does not begin with a zero byte and a schema id.",
    "unknown_schema": "The schema id is not one under which records of this topic are written.",
    "truncated": "The record ends before all of its fields are complete.",
    "trailing_bytes": "More bytes follow after the record is complete.",
    "malformed": "The bytes are no record of the schema: a length is impossible, or a required text is empty.",
    "not_utf8": "A text is not valid UTF-8.",
    "unequal_arrays": "Names, labels and values do not have the same length.",
    "unsorted": "The samples are not sorted by name and labels, or a pair comes twice.",
    "too_large": "The record has more bytes or more samples than a batch may have.",
    "negative_sequence": "The sequence is below zero.",
    "key_mismatch": "The key of the record is not its server_id.",
    "wrong_partition": "The record lies in another partition than its key belongs to.",
    "too_old": "The samples claim to be from before 2020.",
    "too_new": "The samples claim to be from more than ten minutes after the log received them.",
    "bad_signature": "The Tick is not signed with the secret of this installation, or is made for another place.",
    NOT_APPLIED: "The record is valid, and the processor failed at it: a fault of ours that changed nothing else.",
}
