/* Film strips: what a coordinate does, as a few small renderings along its range, drawn while nothing else is. */
"use strict";

explorer.Film = class {
  static FRAMES = 7;
  static SIDE = 40; // px of a frame

  constructor() {
    this.task = 0;
  }

  /** Draw the strips of a block at z into canvases, [{ canvas, j, low, high }], one after another; a later call ends
   *  an earlier one. colour: of the atom, or null for ink. */
  async show(net, z, strips, colour) {
    const task = ++this.task;
    for (const { canvas, j, low, high } of strips) {
      const atoms = [];
      for (let n = 0; n < explorer.Film.FRAMES; n++) {
        await explorer.idle();
        if (task !== this.task || !canvas.isConnected) return;
        const moved = Float32Array.from(z);
        moved[j] = low + ((high - low) * n) / (explorer.Film.FRAMES - 1);
        atoms.push(net.g(moved));
      }
      this.paint(canvas, atoms, net.size, colour);
    }
  }

  /** Give up what has not been drawn. */
  stop() {
    this.task++;
  }

  /** All frames show the same square, the least in which all atoms have their place. */
  paint(canvas, atoms, size, colour) {
    const { SIDE } = explorer.Film, context = canvas.getContext("2d"), small = document.createElement("canvas");
    const square = this.square(atoms, size);
    small.width = small.height = SIDE;
    atoms.forEach((atom, n) => {
      const image = this.reduced(atom, size, square);
      if (colour) explorer.picture.inColour(small, image, colour);
      else explorer.picture.plain(small, image);
      context.drawImage(small, n * SIDE, 0);
    });
    canvas.dataset.drawn = "";
  }

  /** A square of an image, SIDE px a side: each takes what is farthest from zero there, so that spikes do not fade. */
  reduced(image, size, [top, left, side]) {
    const { SIDE } = explorer.Film, out = new Float32Array(SIDE * SIDE), step = side / SIDE;
    const end = (from, n) =>
      Math.min(size, Math.max(Math.ceil(from + (n + 1) * step), Math.floor(from + n * step) + 1));
    for (let r = 0; r < SIDE; r++)
      for (let q = 0; q < SIDE; q++)
        for (let y = Math.floor(top + r * step); y < end(top, r); y++)
          for (let x = Math.floor(left + q * step); x < end(left, q); x++) {
            const value = image[y * size + x];
            if (Math.abs(value) > Math.abs(out[r * SIDE + q])) out[r * SIDE + q] = value;
          }
    return out;
  }

  /** [top, left, side] px of a square around all that the atoms draw. */
  square(atoms, size) {
    let top = size, bottom = 0, left = size, right = 0;
    for (const atom of atoms) {
      const most = atom.reduce((a, b) => Math.max(a, b), 0.1);
      atom.forEach((value, p) => {
        if (Math.abs(value) < 0.15 * most) return;
        const r = Math.floor(p / size), q = p % size;
        [top, bottom, left, right] = [Math.min(top, r), Math.max(bottom, r), Math.min(left, q), Math.max(right, q)];
      });
    }
    if (top > bottom) return [0, 0, size];
    const side = Math.min(size, Math.max(bottom - top, right - left, 32) + 10);
    const place = (low, high) => Math.max(0, Math.min(size - side, (low + high - side) / 2));
    return [place(top, bottom), place(left, right), side];
  }
};

/** Wait until the page has nothing better to do. */
explorer.idle = () => new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
