from pathlib import Path

from pulsemon_deploy.kafka.cache import cache_folder


def test_the_cache_follows_the_desktop_standard() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/var/cache/me", "HOME": "/home/me"}) == Path("/var/cache/me/pulsemon")
    assert cache_folder({"HOME": "/home/me"}) == Path("/home/me/.cache/pulsemon")
    assert cache_folder({"XDG_CACHE_HOME": "", "HOME": "/home/me"}) == Path("/home/me/.cache/pulsemon")
