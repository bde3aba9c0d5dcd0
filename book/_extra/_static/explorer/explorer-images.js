/* The dozen held-out images of each kind, a part of a star cluster, and new spikes with their noise. */
"use strict";

explorer.SIZE = 128; // px a side of every image of the page

explorer.images = (() => {
  const SIZE = explorer.SIZE;

  /** "digits" or "spikes" → [{ image, name, truth }]: spikes drawn from their truth, digits and stars as 8-bit pictures;
   *  `many` says that there may be more in it than in training. */
  async function heldOut(kind) {
    const set = explorerIndex.images[kind];
    if (kind === "spikes") {
      const { name, darkest, data } = set.stars, stars = await explorer.unpack(data);
      return [...set.spikes.map((truth) => ({
        image: spikes(truth, set.sigma), truth, name: truth.length === 1 ? "one spike" : `${truth.length} spikes`,
      })), { image: Float32Array.from(stars, (v) => darkest + (1 - darkest) * v / 255), name, many: true }];
    }
    const bytes = await explorer.unpack(set.data);
    return set.labels.map((label, i) => ({
      image: Float32Array.from(bytes.subarray(i * SIZE ** 2, (i + 1) * SIZE ** 2), (v) => v / 255),
      name: `a handwritten ${label}`,
    }));
  }

  /** x = Σᵢ aᵢ G(tᵢ): spikes [[amplitude, row, column], …] → an image, as atomic_lib.gaussians.render. */
  function spikes(truth, sigma) {
    const image = new Float32Array(SIZE ** 2), gaussian = (offset) => Math.exp(-(offset ** 2) / (2 * sigma ** 2));
    const profile = (centre) => Float64Array.from({ length: SIZE }, (_, n) => gaussian(n - centre));
    for (const [amplitude, row, column] of truth) {
      const u = profile(row), v = profile(column);
      for (let r = 0; r < SIZE; r++) for (let q = 0; q < SIZE; q++) image[r * SIZE + q] += amplitude * u[r] * v[q];
    }
    return image;
  }

  /** White noise of standard deviation 1, the same each time, so that a slider only makes it stronger. */
  function noise() {
    let state = 1;
    const uniform = () => { // mulberry32
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
    return Float32Array.from({ length: SIZE ** 2 }, () =>
      Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())); // Box and Muller
  }

  return { heldOut, spikes, noise };
})();
