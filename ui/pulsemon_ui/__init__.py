"""The dashboard: pages that show, view models that compute."""
