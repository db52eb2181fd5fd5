"""The kinds of entities that the control API knows, each as data in a file of its own."""
