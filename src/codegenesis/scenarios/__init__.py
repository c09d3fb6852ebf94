"""What the house is used for beyond its loop: each scenario composes the rooms below it."""
