"""Real functions of installed packages, wrong versions of them, and the gates put to the test."""
