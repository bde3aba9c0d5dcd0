/* What the reader draws becomes an image like those that the networks were trained on. */
"use strict";

explorer.pen = (() => {
  // Measured on MNIST as smooth strokes at 128 px: lines 12 px wide, whose edge rises by 0.42 a pixel.
  const HALF = 5.9, SLOPE = 1.7, REACH = Math.ceil(HALF + 5);

  /** Pen strokes, each a list of [row, column] px, → an image in [0, 1]: the distance to the line, softly cut. */
  function draw(strokes, size) {
    const image = new Float32Array(size * size);
    for (const points of strokes)
      for (let i = 0; i < points.length; i++) segment(image, size, points[Math.max(0, i - 1)], points[i]);
    return image;
  }

  /** Add the line between two points to an image. */
  function segment(image, size, [r0, q0], [r1, q1]) {
    const low = (a, b) => Math.max(0, Math.floor(Math.min(a, b) - REACH));
    const high = (a, b) => Math.min(size - 1, Math.ceil(Math.max(a, b) + REACH));
    const squared = (r1 - r0) ** 2 + (q1 - q0) ** 2;
    for (let r = low(r0, r1); r <= high(r0, r1); r++)
      for (let q = low(q0, q1); q <= high(q0, q1); q++) {
        const t = squared ? Math.max(0, Math.min(1, ((r - r0) * (r1 - r0) + (q - q0) * (q1 - q0)) / squared)) : 0;
        const far = Math.hypot(r - r0 - t * (r1 - r0), q - q0 - t * (q1 - q0));
        const value = 1 / (1 + Math.exp(SLOPE * (far - HALF))), p = r * size + q;
        if (value > image[p]) image[p] = value;
      }
  }

  /** The strokes scaled and placed as MNIST does: longer side 20/32 of the image, centre of mass in the middle.
   *  The pen's width stays: it is the points that move. */
  function centred(strokes, size) {
    const span = (axis) => {
      const all = strokes.flat().map((point) => point[axis]);
      return [Math.min(...all), Math.max(...all)];
    };
    const longer = Math.max(...[0, 1].map(span).map(([a, b]) => b - a));
    const scale = Math.max(0.25, Math.min(4, (20 / 32 * size - 2 * HALF) / Math.max(longer, 1))); // a dot stays a dot
    const [middle, centre] = [0, 1].map(span).map(([a, b]) => (a + b) / 2);
    const place = (rows, columns) => strokes.map((points) =>
      points.map(([r, q]) => [(r - middle) * scale + size / 2 + rows, (q - centre) * scale + size / 2 + columns]));
    const [row, column] = massCentre(draw(place(0, 0), size), size);
    return place((size - 1) / 2 - row, (size - 1) / 2 - column);
  }

  function massCentre(image, size) {
    let total = 1e-9, row = 0, column = 0;
    image.forEach((value, p) => {
      total += value;
      row += value * Math.floor(p / size);
      column += value * (p % size);
    });
    return [row / total, column / total];
  }

  return { draw, segment, centred };
})();
