/* A picture as blocks: what the reader takes apart. No part of this knows the page. */
"use strict";

explorer.Scene = class {
  /** net: the network that draws. image: the picture that was decomposed, or null where there was none. truth: the
   *  spikes [[amplitude, row, column], …] that the picture is of, where that is known. */
  constructor(net, image = null, truth = null) {
    this.net = net;
    this.image = image;
    this.truth = truth;
    this.blocks = []; // { z, atom, on, original, copied }
  }

  /** A picture, decomposed; `steps` keeps what the encoder looked at on the way. */
  static decompose(net, image, truth = null, k = net.k) {
    const scene = new explorer.Scene(net, image, truth);
    scene.steps = net.encode(image, k);
    scene.reset();
    return scene;
  }

  /** The blocks as the encoder found them. */
  reset() {
    this.blocks.length = 0;
    this.steps.forEach(({ z, atom }) => this.add(z, atom));
  }

  add(z, atom, copied = false) {
    this.blocks.push({ z, atom, on: true, original: z, copied });
  }

  /** Give block i another latent; its atom is all that has to be drawn anew. */
  move(i, z, atom = this.net.g(z)) {
    Object.assign(this.blocks[i], { z, atom });
  }

  /** x̂ = Σᵢ g(zᵢ), over the blocks that are switched on, or over all of them. */
  sum(all = false) {
    const total = new Float32Array(this.net.size ** 2);
    for (const { on, atom } of this.blocks) if (on || all) for (let p = 0; p < total.length; p++) total[p] += atom[p];
    return total;
  }

  /** What the sum leaves of the picture. */
  residual() {
    const sum = this.sum();
    return this.image.map((value, p) => value - sum[p]);
  }

  /** ‖what is left‖²/‖picture‖². */
  error() {
    return explorer.energy(this.residual()) / Math.max(explorer.energy(this.image), 1e-9);
  }

  /** The energy of each atom over that of the sum of all. */
  shares() {
    const whole = Math.max(explorer.energy(this.sum(true)), 1e-9);
    return this.blocks.map(({ atom }) => explorer.energy(atom) / whole);
  }

  /** The colour of each block; those that hold less than a hundredth are specks, and grey. */
  colours() {
    const { SPECK, colour } = explorer.picture;
    return this.shares().map((share, i) => (share < explorer.ACTIVE ? SPECK : colour(i)));
  }

  /** The block that holds most, or −1. */
  strongest() {
    const shares = this.shares();
    return shares.indexOf(Math.max(...shares));
  }

  /** How far what is not as in the image `before` lies apart, over how far all ink does: radii of gyration. */
  spread(before) {
    const sum = this.sum(), radius = (weight) => {
      let total = 1e-9, row = 0, column = 0, square = 0;
      for (let p = 0; p < sum.length; p++) {
        const w = weight(p), r = Math.floor(p / this.net.size), q = p % this.net.size;
        total += w;
        row += w * r;
        column += w * q;
        square += w * (r * r + q * q);
      }
      return Math.sqrt(Math.max(0, square / total - (row / total) ** 2 - (column / total) ** 2));
    };
    return radius((p) => (sum[p] - before[p]) ** 2) / Math.max(1e-9, radius((p) => Math.max(0, before[p]) ** 2));
  }

  /** The block that puts most ink within `reach` px of a place, or −1 where there is no more than a trace of it. */
  at(row, column, reach = 2) {
    const { size } = this.net;
    let block = -1, most = 0.15;
    const low = (v) => Math.max(0, Math.round(v) - reach), high = (v) => Math.min(size - 1, Math.round(v) + reach);
    this.blocks.forEach(({ on, atom }, i) => {
      if (!on) return;
      for (let r = low(row); r <= high(row); r++)
        for (let q = low(column); q <= high(column); q++) {
          const far = Math.hypot(r - row, q - column);
          const ink = atom[r * size + q] * (1 - 0.15 * far); // the nearer, the better
          if (ink > most) [block, most] = [i, ink];
        }
    });
    return block;
  }

  /** Height and place of an atom's peak, between pixels by a parabola along each axis: { height, row, column }. */
  peak(i) {
    const { size } = this.net, { atom } = this.blocks[i];
    let p = 0;
    for (let j = 1; j < atom.length; j++) if (atom[j] > atom[p]) p = j;
    const vertex = (a, b, c) => (a + c < 2 * b ? Math.max(-0.5, Math.min(0.5, (a - c) / (2 * (a - 2 * b + c)))) : 0);
    const row = Math.floor(p / size), column = p % size, inside = (v) => v > 0 && v < size - 1;
    return {
      height: atom[p],
      row: row + (inside(row) ? vertex(atom[p - size], atom[p], atom[p + size]) : 0),
      column: column + (inside(column) ? vertex(atom[p - 1], atom[p], atom[p + 1]) : 0),
    };
  }
};

explorer.ACTIVE = 0.01; // the share of the energy from which a block is active, as in atomic_lib.model.decomposition

/** ‖image‖². */
explorer.energy = (image) => {
  let sum = 0;
  for (let p = 0; p < image.length; p++) sum += image[p] * image[p];
  return sum;
};
