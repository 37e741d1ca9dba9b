"""What draws charts is not waited for when a web process starts, and is there before the first reader comes."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import sys
import api.app
from api.pages import warm
from api.pages.render import environment
before = {name in sys.modules for name in ("altair", "vl_convert")}
warm.begin().join()
print(before, "altair" in sys.modules, len(environment().cache) == len(environment().list_templates()))
"""


def test_charts_and_templates_are_made_ready_after_the_start_and_not_before_it() -> None:
    said = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[-2] == "{False} True True"
