"""A host that registers itself at a gateway: its machine, the key that it makes, the request, and what it keeps."""
