/* Found, missed, invented: what blocks claim, held against the spikes that are there. As atomic_lib.metrics has it. */
"use strict";

explorer.truth = (() => {
  /** The Gaussian a·G(row, column) of width σ that fits an atom best, [a, row, column]: Levenberg–Marquardt from its
   *  peak, over the pixels within 4σ of it. */
  function fitted(atom, size, sigma) {
    let p = 0;
    for (let i = 1; i < atom.length; i++) if (atom[i] > atom[p]) p = i;
    const around = window(Math.floor(p / size), p % size, size, Math.ceil(4 * sigma));
    let theta = [atom[p], Math.floor(p / size), p % size], damping = 1e-3;
    let now = equations(atom, size, sigma, theta, around);
    for (let step = 0; step < 15; step++) {
      const normal = now.normal.map((row, i) => row.map((v, j) => (i === j ? v * (1 + damping) + 1e-9 : v)));
      const change = explorer.latents.solve(normal, now.gradient), trial = theta.map((v, i) => v + change[i]);
      const then = equations(atom, size, sigma, trial, around), better = then.error < now.error;
      damping = Math.max(1e-9, Math.min(1e9, damping * (better ? 0.2 : 5)));
      if (better) [theta, now] = [trial, then];
    }
    return theta;
  }

  function window(row, column, size, reach) {
    const ends = (v) => [Math.max(0, v - reach), Math.min(size - 1, v + reach)];
    return [...ends(row), ...ends(column)];
  }

  /** ‖A − aG‖², −½ its gradient and its Gauss–Newton matrix. */
  function equations(atom, size, sigma, [a, row, column], [top, bottom, left, right]) {
    const normal = [[0, 0, 0], [0, 0, 0], [0, 0, 0]], gradient = [0, 0, 0];
    let error = 0;
    for (let r = top; r <= bottom; r++)
      for (let q = left; q <= right; q++) {
        const G = Math.exp(-((r - row) ** 2 + (q - column) ** 2) / (2 * sigma ** 2)), off = atom[r * size + q] - a * G;
        const along = [G, (a * G * (r - row)) / sigma ** 2, (a * G * (q - column)) / sigma ** 2];
        error += off * off;
        for (let i = 0; i < 3; i++) {
          gradient[i] += along[i] * off;
          for (let j = 0; j < 3; j++) normal[i][j] += along[i] * along[j];
        }
      }
    return { error, gradient, normal };
  }

  /** What becomes of each true spike [amplitude, row, column], and which atoms claim one that is not there, or one
   *  that another has claimed: { found, missed, invented }, lists of [row, column]. An atom claims a spike from half
   *  the least amplitude on; they are paired one to one within σ, as many as can be, the nearest. */
  function judge(atoms, truth, { size, sigma, amplitude }) {
    const claims = atoms.map((atom) => fitted(atom, size, sigma)).filter(([a]) => a >= amplitude[0] / 2);
    const pairs = matched(claims, truth, sigma), places = (rows) => rows.map(([, row, column]) => [row, column]);
    return {
      found: places(truth.filter((_, j) => pairs.some((pair) => pair[1] === j))),
      missed: places(truth.filter((_, j) => !pairs.some((pair) => pair[1] === j))),
      invented: places(claims.filter((_, i) => !pairs.some((pair) => pair[0] === i))),
    };
  }

  /** Pairs [i, j] within σ: as many as possible, and among those the nearest. */
  function matched(claims, truth, sigma) {
    if (!claims.length || !truth.length) return [];
    const far = 1e4, cost = claims.map(([, r, q]) => truth.map(([, y, x]) => {
      const apart = Math.hypot(r - y, q - x);
      return apart <= sigma ? apart : far;
    }));
    const partner = explorer.latents.assign(cost);
    return partner.map((j, i) => [i, j]).filter(([i, j]) => j >= 0 && cost[i][j] < far);
  }

  return { fitted, judge };
})();
