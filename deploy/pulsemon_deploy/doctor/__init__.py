"""What is wrong with an installation, one line a check, and what to do about it."""

from pulsemon_deploy.doctor.examination import examine
from pulsemon_deploy.doctor.finding import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]
