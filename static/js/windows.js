// Hours of a day as sorted [from, to] in minutes.

// Open whenever either is. Windows away from what is added stay exactly as they were.
export function open(windows, low, high) {
  const apart = windows.filter(([a, b]) => b < low || a > high);
  const near = windows.filter(([a, b]) => b >= low && a <= high);
  const from = Math.min(low, ...near.map(([a]) => a));
  const to = Math.max(high, ...near.map(([, b]) => b));
  return [...apart, [from, to]].sort((one, other) => one[0] - other[0]);
}

export function shut(windows, low, high) {
  return windows.flatMap(([a, b]) => [[a, Math.min(b, low)], [Math.max(a, high), b]].filter(([x, y]) => x < y));
}
