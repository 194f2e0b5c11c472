import gc

# Each process starts by making a million objects that stay. Looked for as often as Python does by itself,
# garbage among them takes a quarter of the time to start.
gc.set_threshold(50_000, 20, 50)
