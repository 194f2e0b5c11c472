"""Why A is ranked above B: the part of the rank that does not depend on who asks."""
