"""The public face for services that embed the producer library."""
