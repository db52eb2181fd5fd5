"""All of one installation into a folder, and back: the store's rows, the control log, and secrets if asked for."""
