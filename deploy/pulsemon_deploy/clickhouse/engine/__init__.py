"""The engine itself: its folder, its configuration, its connections, its errors, and files in memory that it reads."""
