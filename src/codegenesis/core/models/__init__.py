"""Language models behind one small protocol (DESIGN §8)."""
