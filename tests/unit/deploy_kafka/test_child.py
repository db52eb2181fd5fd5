import subprocess
import sys
from pathlib import Path

import psutil
from pulsemon_deploy.kafka.child import start_child
from support.waiting import wait_until

PARENT = """
import sys, time
from pathlib import Path
from pulsemon_deploy.kafka.child import start_child

child = start_child([sys.executable, "-c", "import time; time.sleep(60)"], {}, Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", PARENT, str(tmp_path / "output")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()

    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 5, "the child's end")


def test_output_is_appended_to_the_file(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.write_text("before\n")
    process = start_child([sys.executable, "-c", "print('after')"], {}, output)

    assert process.wait(10) == 0
    assert output.read_text() == "before\nafter\n"
