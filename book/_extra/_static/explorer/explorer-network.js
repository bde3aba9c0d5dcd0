/* The trained network itself: g, and the pursuit encoder that goes with it. The same names and the same order of
 * operations as in atomic_lib/decoders.py and atomic_lib/encoders.py; an image is a Float32Array of N·N values. */
"use strict";

explorer.Network = class {
  /** The network `name` from its file explorer-NAME.js, once it is unpacked. */
  static async load(name) {
    const { data, ...header } = window.explorerData[name];
    const text = atob(data), packed = new Uint8Array(text.length);
    for (let i = 0; i < packed.length; i++) packed[i] = text.charCodeAt(i);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new explorer.Network(header, new Uint8Array(await new Response(stream).arrayBuffer()));
  }

  /** header: what atomic_lib/explorer/page.py wrote. bytes: the weights' high bytes, their low bytes, the pictures. */
  constructor(header, bytes) {
    Object.assign(this, header);
    const count = (shape) => shape.reduce((a, b) => a * b);
    const total = this.tensors.reduce((sum, [, shape]) => sum + count(shape), 0);
    this.layer = {}; // "g.mlp.0" → { weight, bias }
    let at = 0;
    for (const [name, shape] of this.tensors) {
      const values = new Float32Array(count(shape));
      for (let i = 0; i < values.length; i++, at++) values[i] = explorer.HALVES[(bytes[at] << 8) | bytes[total + at]];
      const [, layer, kind] = name.match(/(.*)\.(\w+)/);
      (this.layer[layer] ??= {})[kind] = values;
    }
    this.heldOut = explorer.heldOut(this, bytes.subarray(2 * total));
  }

  // --- g: one latent block → one atom ----------------------------------------------------------------------------

  /** z (d0) → the atom g(z), an image. */
  g(z) {
    const { leaky, linear } = explorer.layers, { layer } = this;
    const features = leaky(linear(leaky(linear(z, layer["g.mlp.0"])), layer["g.mlp.2"]));
    const u = this.profiles("g.rows", features), v = this.profiles("g.columns", features);
    return this.maps ? this.paint(u, v) : this.products(u, v, this.size);
  }

  /** Features → profiles along one axis, one after another. */
  profiles(stack, features) {
    const { leaky, linear, conv1d, upsampledConv1d } = explorer.layers, layer = (i) => this.layer[`${stack}.${i}`];
    let x = leaky(linear(features, layer(0))), i = 4;
    for (; layer(i); i += 3) x = leaky(upsampledConv1d(x, layer(i)));
    return conv1d(x, layer(i - 1));
  }

  /** Σ_r u_r v_rᵀ of profiles of `side` values each: an image. */
  products(u, v, side) {
    const image = new Float32Array(side * side), line = new Float64Array(side);
    for (let r = 0; r < side; r++) {
      line.fill(0);
      for (let i = 0; i < u.length; i += side) {
        const height = u[i + r];
        for (let q = 0; q < side; q++) line[q] += height * v[i + q];
      }
      image.set(line, r * side);
    }
    return image;
  }

  /** The stroke decoder's end: maps of a few products each, at half the size, every pixel of which is painted as 2×2. */
  paint(u, v) {
    const { leaky, conv2d } = explorer.layers, { size, maps, layer } = this, half = size / 2, each = u.length / maps;
    const x = new Float32Array(maps * half * half);
    for (let c = 0; c < maps; c++) {
      const [rows, columns] = [u, v].map((profiles) => profiles.subarray(c * each, (c + 1) * each));
      x.set(this.products(rows, columns, half).map((value) => value - layer.g.threshold[c]), c * half * half);
    }
    const painted = conv2d(leaky(x), half, layer["g.paint"], 1).x, atom = new Float32Array(size * size);
    for (let r = 0; r < size; r++)
      for (let q = 0; q < size; q++)
        atom[r * size + q] = painted[((2 * (r % 2) + (q % 2)) * half + (r >> 1)) * half + (q >> 1)];
    return leaky(atom, this.slope);
  }

  // --- f_E: the pursuit ------------------------------------------------------------------------------------------

  /** The pursuit's steps; then all their blocks are corrected at once, `again` times. */
  encode(image) {
    let steps = [...this.pursue(image)], left = steps.at(-1)?.residual;
    for (let n = 0; n < this.again; n++) {
      steps = steps.map((step) => {
        const z = this.correct(left, step);
        return { ...step, z, atom: this.g(z) };
      });
      left = image.slice();
      for (const { atom } of steps) for (let p = 0; p < left.length; p++) left[p] -= atom[p];
    }
    return steps;
  }

  /** zᵢ = E(rᵢ₋₁), rᵢ = rᵢ₋₁ − g(zᵢ): yield each step, until nothing is left that stands out, or k blocks are. */
  *pursue(image, k = this.k) {
    let residual = image;
    for (let i = 0; i < k; i++) {
      const { peak, centre } = this.peak(residual);
      if (!(peak > this.stop)) return;
      const z = this.block(residual, centre), atom = this.g(z);
      residual = residual.map((value, p) => value - atom[p]);
      yield { z, atom, residual, centre };
    }
  }

  /** E: what is left of an image, and the place [row, column] to look at → a latent block. */
  block(residual, centre) {
    const { leaky, linear, layerNorm, conv2d } = explorer.layers, { layer } = this;
    let seen = { x: this.crop(residual, centre), side: this.window };
    this.strides.forEach((stride, i) => {
      seen = conv2d(seen.x, seen.side, layer[`encoder.look.${2 * i}`], stride);
      leaky(seen.x);
    });
    const place = linear(this.positionCode(centre), layer["encoder.place"]);
    let x = linear(seen.x, layer["encoder.look.7"]).map((value, i) => value + place[i]);
    for (const i of [0, 1]) {
      const net = `encoder.describe.${i}.net`;
      const change = linear(leaky(linear(layerNorm(x, layer[`${net}.0`]), layer[`${net}.1`])), layer[`${net}.3`]);
      x = x.map((value, j) => value + change[j]);
    }
    return linear(layerNorm(x, layer["encoder.describe.2"]), layer["encoder.describe.3"]).map(Math.tanh);
  }

  /** A second look at a block, at its place in what all of them leave: z + A(z, place) · c. */
  correct(residual, { z, centre }) {
    const { leaky, linear } = explorer.layers, layer = (name) => this.layer[`encoder.correction.${name}`];
    const seen = linear(this.crop(residual, centre), layer("seen"));
    const hidden = leaky(linear(Float32Array.from([...z, ...this.positionCode(centre)]), layer("gain.0")));
    const gain = linear(leaky(linear(hidden, layer("gain.2"))), layer("gain.4"));
    return z.map((value, j) => {
      const change = seen.reduce((sum, c, i) => sum + gain[j * seen.length + i] * c, 0);
      return Math.max(-1, Math.min(1, value + 0.1 * change));
    });
  }

  /** Height and place of the blurred residual's maximum: where the encoder looks next. */
  peak(residual) {
    const blurred = explorer.layers.blur(residual, this.size, this.smooth);
    let place = 0;
    for (let p = 1; p < blurred.length; p++) if (blurred[p] > blurred[place]) place = p;
    return { peak: blurred[place], centre: [Math.floor(place / this.size), place % this.size] };
  }

  /** The window around a place, zero outside the image. */
  crop(image, [row, column]) {
    const { window: side, size } = this, half = Math.floor(side / 2), out = new Float32Array(side * side);
    for (let r = 0; r < side; r++)
      for (let q = 0; q < side; q++) {
        const y = row - half + r, x = column - half + q;
        if (y >= 0 && y < size && x >= 0 && x < size) out[r * side + q] = image[y * size + x];
      }
    return out;
  }

  /** A place as 18 numbers: itself in [−1, 1], its sines and cosines at four octaves. */
  positionCode(centre) {
    const place = centre.map((c) => c / this.size);
    const angles = [1, 2, 4, 8].flatMap((octave) => place.map((c) => Math.PI * octave * c));
    return Float32Array.from([...place.map((c) => 2 * c - 1), ...angles.map(Math.sin), ...angles.map(Math.cos)]);
  }
};

/** What each float16, given by its 16 bits, is as a number. */
explorer.HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
});

/** The dozen held-out images, [{ image, name }]: spikes rendered from their truth, digits as 8-bit pictures. */
explorer.heldOut = ({ size, images }, bytes) => {
  if (images.spikes)
    return images.spikes.map((spikes) => ({
      image: explorer.renderSpikes(spikes, size, images.sigma),
      name: spikes.length === 1 ? "one spike" : `${spikes.length} spikes`,
    }));
  return images.labels.map((label, i) => ({
    image: Float32Array.from(bytes.subarray(i * size * size, (i + 1) * size * size), (v) => v / 255),
    name: `a handwritten ${label}`,
  }));
};

/** x = Σᵢ aᵢ G(tᵢ): spikes [[amplitude, row, column], …] → an image, as atomic_lib.spikes.render. */
explorer.renderSpikes = (spikes, size, sigma) => {
  const image = new Float32Array(size * size);
  const gaussian = (offset) => Math.exp(-(offset ** 2) / (2 * sigma ** 2));
  const profile = (centre) => Float64Array.from({ length: size }, (_, n) => gaussian(n - centre));
  for (const [amplitude, row, column] of spikes) {
    const u = profile(row), v = profile(column);
    for (let r = 0; r < size; r++) for (let q = 0; q < size; q++) image[r * size + q] += amplitude * u[r] * v[q];
  }
  return image;
};
