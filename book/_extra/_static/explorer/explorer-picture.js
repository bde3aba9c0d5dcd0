/* How values become pixels. As in the book's figures: white is 0, ink is positive, vermilion negative. */
"use strict";

explorer.picture = (() => {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const INK = ["#b23a00", "#ee9a68", "#ffffff", "#6b8199", "#0b1d33"].map(rgb); // at −1, −½, 0, ½, 1
  // Okabe–Ito but for yellow and black, which on white paper are no colours, and three as dark as those; grey: specks
  const COLOURS = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D00", "#5B3A8E", "#A3123A", "#00595C",
  ];
  const SPECK = "#8C8C8C";
  const colour = (i) => COLOURS[i % COLOURS.length];

  /** The colour of a value, [r, g, b]. */
  function ink(value) {
    const at = 2 + 2 * Math.max(-1, Math.min(1, value)), low = Math.min(3, Math.floor(at)), part = at - low;
    return [0, 1, 2].map((c) => INK[low][c] + part * (INK[low + 1][c] - INK[low][c]));
  }
  const TABLE = Array.from({ length: 511 }, (_, i) => ink((i - 255) / 255)); // by 255 steps to either side of 0
  const shade = (value) => TABLE[255 + Math.round(255 * Math.max(-1, Math.min(1, value)))];

  const TRACE = 0.008; // two of 255 steps: no eye sees it

  /** Fill a canvas of the image's own size with pixel(p) → [r, g, b]. */
  function paint(canvas, pixel) {
    const context = canvas.getContext("2d"), data = context.createImageData(canvas.width, canvas.height);
    for (let p = 0, d = 0; d < data.data.length; p++) {
      const [r, g, b] = pixel(p);
      data.data[d++] = r;
      data.data[d++] = g;
      data.data[d++] = b;
      data.data[d++] = 255;
    }
    context.putImageData(data, 0, 0);
  }

  const plain = (canvas, image) => paint(canvas, (p) => shade(image[p]));

  /** The sum, each pixel in the colours of the atoms that put ink there; how dark it is remains the sum's. */
  function tinted(canvas, scene) {
    const sum = scene.sum(), colours = scene.colours().map(rgb);
    const atoms = scene.blocks.map(({ on, atom }) => (on ? atom : null));
    paint(canvas, (p) => {
      if (sum[p] < TRACE) return shade(0);
      let total = 1e-6;
      const mixed = [0, 0, 0];
      for (let i = 0; i < atoms.length; i++) {
        const value = atoms[i] ? atoms[i][p] : 0;
        if (value <= 0) continue;
        total += value;
        for (let c = 0; c < 3; c++) mixed[c] += value * colours[i][c];
      }
      const depth = Math.min(1, sum[p]);
      return mixed.map((m) => 255 - depth * (255 - m / total));
    });
  }

  /** What an image has gained, as ink, and lost, in vermilion, next to `before`: as dark as can be. */
  function change(canvas, image, before) {
    const moved = image.map((value, p) => value - before[p]);
    const most = moved.reduce((a, b) => Math.max(a, Math.abs(b)), 0.02);
    plain(canvas, moved.map((value) => value / most));
  }

  /** The sum with block i lit up in its colour, and all others faint. */
  function lit(canvas, scene, i) {
    const sum = scene.sum(), { atom } = scene.blocks[i], own = rgb(scene.colours()[i]);
    paint(canvas, (p) => {
      const rest = shade(sum[p] - atom[p]), depth = Math.max(0, Math.min(1, atom[p]));
      return rest.map((v, c) => (255 - 0.3 * (255 - v)) * (1 - depth * (1 - own[c] / 255)));
    });
  }

  /** An atom in a colour; where it takes ink away it is grey. */
  function inColour(canvas, atom, colour) {
    const own = rgb(colour);
    paint(canvas, (p) => {
      const depth = Math.max(-1, Math.min(1, atom[p]));
      if (Math.abs(depth) < TRACE) return shade(0);
      return depth < 0 ? [0, 1, 2].map(() => 255 + 150 * depth) : own.map((v) => 255 - depth * (255 - v));
    });
  }

  /** The line along which an N × N image has half its largest value, as an SVG path in pixels (marching squares). */
  function outline(image, size) {
    let level = 0;
    for (const value of image) level = Math.max(level, value / 2);
    if (level <= 0) return "";
    const path = [];
    for (let r = 0; r < size - 1; r++)
      for (let q = 0; q < size - 1; q++) {
        const p = r * size + q, inside = (at) => image[at] >= level;
        const number = inside(p) + inside(p + 1) + inside(p + size) + inside(p + size + 1);
        if (number === 0 || number === 4) continue;
        const corners = [[r, q], [r, q + 1], [r + 1, q + 1], [r + 1, q]];
        const cuts = [];
        corners.forEach(([y, x], c) => {
          const [v, u] = corners[(c + 1) % 4], a = image[y * size + x] - level, b = image[v * size + u] - level;
          if (a < 0 === b < 0) return; // the line passes between two corners on different sides
          const t = a / (a - b);
          cuts.push(`${(x + t * (u - x) + 0.5).toFixed(2)} ${(y + t * (v - y) + 0.5).toFixed(2)}`);
        });
        for (let c = 0; c + 1 < cuts.length; c += 2) path.push(`M${cuts[c]}L${cuts[c + 1]}`);
      }
    return path.join("");
  }

  return { colour, SPECK, plain, tinted, change, lit, inColour, outline };
})();
