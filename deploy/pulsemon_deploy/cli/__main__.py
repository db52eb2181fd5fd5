"""``python -m pulsemon_deploy.cli``: the same as the command ``pulsemon``, with this Python."""

from pulsemon_deploy.cli import main

main()
