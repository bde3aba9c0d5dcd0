/* Navigation in latent space: the block that draws a moved atom best, and the walk between two images. */
"use strict";

explorer.latents = (() => {
  const distance = (a, b) => {
    let sum = 0;
    for (let p = 0; p < a.length; p++) sum += (a[p] - b[p]) ** 2;
    return sum;
  };

  /** An image moved by (rows, columns) px, between pixels bilinearly; zero comes in from outside. */
  function shift(image, size, rows, columns) {
    const out = new Float32Array(image.length), top = Math.floor(rows), left = Math.floor(columns);
    const down = rows - top, right = columns - left;
    const at = (r, q) => (r >= 0 && r < size && q >= 0 && q < size ? image[r * size + q] : 0);
    for (let r = 0; r < size; r++)
      for (let q = 0; q < size; q++) {
        const y = r - top, x = q - left;
        out[r * size + q] = (1 - down) * ((1 - right) * at(y, x) + right * at(y, x - 1))
          + down * ((1 - right) * at(y - 1, x) + right * at(y - 1, x - 1));
      }
    return out;
  }

  /** min ‖g(z) − target‖² over the network's box, by `steps` of Levenberg–Marquardt: { z, atom, error }. Begun from
   *  `z`, or where that is far off from what the encoder says of the target, if that is better. */
  function fit(net, target, z, steps) {
    let best = evaluate(net, target, z);
    if (best.error > 0.2 * explorer.energy(target))
      for (const guess of explorer.encoders.guesses(net, target)) {
        const seen = evaluate(net, target, guess);
        if (seen.error < best.error) best = seen;
      }
    for (let step = 0, damping = 1e-3; step < steps; step++) {
      const trial = evaluate(net, target, improved(net, target, best, damping));
      const better = trial.error < best.error;
      damping *= better ? 0.2 : 10;
      if (better) best = trial;
    }
    return best;
  }

  const dot = (a, b) => {
    let sum = 0;
    for (let p = 0; p < a.length; p++) sum += a[p] * b[p];
    return sum;
  };

  function difference(a, b, scale) {
    const out = new Float32Array(a.length);
    for (let p = 0; p < out.length; p++) out[p] = scale * (a[p] - b[p]);
    return out;
  }

  function evaluate(net, target, z) {
    const atom = net.g(z);
    return { z, atom, error: distance(atom, target) };
  }

  /** One damped Gauss–Newton step; the Jacobian by finite differences, one evaluation of g a coordinate. */
  function improved(net, target, { z, atom }, damping) {
    const columns = Array.from(z, (value, j) => {
      const h = value > 0 ? -1e-3 : 1e-3, moved = z.slice();
      moved[j] += h;
      return difference(net.g(moved), atom, 1 / h);
    });
    const left = difference(target, atom, 1);
    const normal = columns.map((a) => columns.map((b) => dot(a, b)));
    normal.forEach((row, i) => (row[i] = row[i] * (1 + damping) + 1e-9));
    const step = solve(normal, columns.map((a) => dot(a, left)));
    return z.map((value, j) => Math.max(net.box[j][0], Math.min(net.box[j][1], value + step[j])));
  }

  /** A x = b for a small positive definite A, by elimination. */
  function solve(A, b) {
    const n = b.length, rows = A.map((row, i) => [...row, b[i]]);
    for (let i = 0; i < n; i++)
      for (let r = i + 1; r < n; r++) {
        const factor = rows[r][i] / rows[i][i];
        for (let c = i; c <= n; c++) rows[r][c] -= factor * rows[i][c];
      }
    const x = new Array(n).fill(0);
    for (let i = n - 1; i >= 0; i--)
      x[i] = (rows[i][n] - x.reduce((sum, v, c) => sum + (c > i ? rows[i][c] * v : 0), 0)) / rows[i][i];
    return x;
  }

  /** Pairs [i, j] of blocks of two images, by their atoms: with the least total distance once these are blurred by N/16,
   *  which is the rule of the book's walks (`decomposition.matching`); or in order (size: 0). Blocks that find no partner
   *  are paired with −1. */
  function pairs(a, b, size) {
    const blurred = (atoms) => (size ? atoms.map((atom) => explorer.layers.blur(atom, size, size / 16)) : atoms);
    const [one, other] = [a, b].map(blurred);
    const partner = size ? assign(one.map((x) => other.map((y) => distance(x, y))))
      : a.map((_, i) => (i < b.length ? i : -1));
    const lone = b.map((_, j) => j).filter((j) => !partner.includes(j));
    return [...partner.map((j, i) => [i, j]), ...lone.map((j) => [-1, j])];
  }

  /** For each row of costs its column, or −1 where there are fewer columns, no column twice, at the least sum: the
   *  Hungarian method, one shortest path a row. */
  function assign(cost) {
    if (!cost.length || !cost[0].length) return cost.map(() => -1);
    const rows = cost.length, columns = cost[0].length;
    if (rows > columns) {
      const partner = assign(cost[0].map((_, j) => cost.map((row) => row[j])));
      return cost.map((_, i) => partner.indexOf(i));
    }
    const u = new Array(rows).fill(0), v = new Array(columns).fill(0), owner = new Array(columns).fill(-1);
    for (let i = 0; i < rows; i++) {
      const least = new Array(columns).fill(Infinity), from = new Array(columns).fill(-1), done = new Set();
      let row = i, last = -1;
      while (row >= 0) { // until a column is reached that nobody owns
        if (last >= 0) done.add(last);
        let next = -1;
        for (let j = 0; j < columns; j++) {
          if (done.has(j)) continue;
          const way = cost[row][j] - u[row] - v[j];
          if (way < least[j]) [least[j], from[j]] = [way, last];
          if (next < 0 || least[j] < least[next]) next = j;
        }
        const step = least[next];
        u[i] += step;
        for (const j of done) {
          u[owner[j]] += step;
          v[j] -= step;
        }
        for (let j = 0; j < columns; j++) if (!done.has(j)) least[j] -= step;
        [row, last] = [owner[next], next];
      }
      for (; last >= 0; last = from[last]) owner[last] = from[last] >= 0 ? owner[from[last]] : i;
    }
    return cost.map((_, i) => owner.indexOf(i));
  }

  /** The blocks at `t` in [0, 1] of the walk from the latents `a` to `b`: [{ z, weight }]. A pair goes in a straight
   *  line; a block without a partner keeps its latent and is faded out, or in. */
  function walk(a, b, matched, t) {
    return matched.map(([i, j]) => {
      if (j < 0) return { z: a[i], weight: 1 - t };
      if (i < 0) return { z: b[j], weight: t };
      return { z: a[i].map((v, c) => (1 - t) * v + t * b[j][c]), weight: 1 };
    });
  }

  return { shift, fit, pairs, assign, solve, walk, distance };
})();
