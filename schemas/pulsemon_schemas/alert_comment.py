"""What people say about an alert: an entity of the control log that changes nothing, and is read beside the alert."""

ALERT_COMMENT = "alert_comment"
"""The entity type. A body has ``alert_id``, ``server_id`` and ``text``."""
MAX_TEXT_CHARACTERS = 2000
