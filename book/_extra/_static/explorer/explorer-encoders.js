/* f_E: an image → latent blocks, by name of the encoder. The same names and the same order of operations as in
 * atomic_lib/model/encoders.py. Each gives the steps [{ z, atom }], one a block; a pursuit's also have the place
 * { centre } that was looked at and what was left then { residual }. */
"use strict";

explorer.encoders = (() => {
  const { leaky, linear, layerNorm, groupNorm, conv2d, blur } = explorer.layers;
  const bound = ({ latents }) => (latents === "bounded" ? 1 : Infinity);
  const asLatents = ({ latents }, raw) => (latents === "bounded" ? raw.map(Math.tanh) : leaky(raw));

  /** x + MLP(LayerNorm(x)). */
  function residual({ layer }, name, x) {
    const hidden = leaky(linear(layerNorm(x, layer[`${name}.net.0`]), layer[`${name}.net.1`]));
    const change = linear(hidden, layer[`${name}.net.3`]);
    return x.map((value, i) => value + change[i]);
  }

  // --- in one shot -------------------------------------------------------------------------------------------------

  /** The authors' own: four convolutions and two linear layers. */
  function reference(net, image) {
    const layer = (i) => net.layer[`encoder.net.${i}`];
    let seen = { x: image, side: net.size };
    for (const i of [0, 2, 4, 6]) {
      seen = conv2d(seen.x, seen.side, layer(i), 2);
      leaky(seen.x);
    }
    return split(net, linear(leaky(linear(seen.x, layer(9))), layer(11)));
  }

  /** The one-shot encoder of this book: normalised convolutions, then a residual MLP. */
  function oneShot(net, image) {
    const layer = (i) => net.layer[`encoder.net.${i}`];
    let seen = { x: image, side: net.size };
    for (const i of [0, 3, 6, 9]) {
      seen = conv2d(seen.x, seen.side, layer(i), 2);
      seen.x = leaky(groupNorm(seen.x, layer(i + 1)));
    }
    let x = linear(seen.x, layer(13));
    for (const i of [14, 15]) x = residual(net, `encoder.net.${i}`, x);
    return split(net, linear(layerNorm(x, layer(16)), layer(17)));
  }

  /** k·d0 numbers → the blocks, and what they draw. */
  function split(net, raw) {
    const all = asLatents(net, raw);
    return Array.from({ length: net.k }, (_, i) => {
      const z = all.slice(i * net.d0, (i + 1) * net.d0);
      return { z, atom: net.g(z) };
    });
  }

  // --- the pursuit -------------------------------------------------------------------------------------------------

  /** The pursuit's steps; then all their blocks are corrected at once, `again` times. */
  function pursuit(net, image, k = net.k) {
    let steps = [...pursue(net, image, k)], left = steps.at(-1)?.residual;
    for (let n = 0; n < net.again; n++) {
      steps = steps.map((step) => {
        const z = correct(net, left, step);
        return { ...step, z, atom: net.g(z) };
      });
      left = image.slice();
      for (const { atom } of steps) for (let p = 0; p < left.length; p++) left[p] -= atom[p];
    }
    return steps;
  }

  /** zᵢ = E(rᵢ₋₁), rᵢ = rᵢ₋₁ − g(zᵢ): yield each step, until nothing is left that stands out, or k blocks are. */
  function* pursue(net, image, k) {
    let left = image;
    for (let i = 0; i < k; i++) {
      const { peak, centre } = highest(net, left);
      if (!(peak > net.stop)) return;
      const z = block(net, left, centre), atom = net.g(z);
      left = left.map((value, p) => value - atom[p]);
      yield { z, atom, residual: left, centre };
    }
  }

  /** E: what is left of an image, and the place [row, column] to look at → a latent block. */
  function block(net, left, centre) {
    const { layer } = net;
    let seen = { x: crop(net, left, centre), side: net.window };
    net.strides.forEach((stride, i) => {
      seen = conv2d(seen.x, seen.side, layer[`encoder.look.${2 * i}`], stride);
      leaky(seen.x);
    });
    const place = linear(positionCode(net, centre), layer["encoder.place"]);
    let x = linear(seen.x, layer["encoder.look.7"]).map((value, i) => value + place[i]);
    for (const i of [0, 1]) x = residual(net, `encoder.describe.${i}`, x);
    return asLatents(net, linear(layerNorm(x, layer["encoder.describe.2"]), layer["encoder.describe.3"]));
  }

  /** A second look at a block, at its place in what all of them leave: z + A(z, place) · c. */
  function correct(net, left, { z, centre }) {
    const layer = (name) => net.layer[`encoder.correction.${name}`];
    const seen = linear(crop(net, left, centre), layer("seen"));
    const hidden = leaky(linear(Float32Array.from([...z, ...positionCode(net, centre)]), layer("gain.0")));
    const gain = linear(leaky(linear(hidden, layer("gain.2"))), layer("gain.4"));
    return z.map((value, j) => {
      const change = seen.reduce((sum, c, i) => sum + gain[j * seen.length + i] * c, 0);
      return Math.max(-bound(net), Math.min(bound(net), value + 0.1 * change));
    });
  }

  /** Height and place of the blurred residual's maximum: where the encoder looks next. */
  function highest({ size, smooth }, left) {
    const blurred = blur(left, size, smooth);
    let place = 0;
    for (let p = 1; p < blurred.length; p++) if (blurred[p] > blurred[place]) place = p;
    return { peak: blurred[place], centre: [Math.floor(place / size), place % size] };
  }

  /** The window around a place, zero outside the image. */
  function crop({ window: side, size }, image, [row, column]) {
    const half = Math.floor(side / 2), out = new Float32Array(side * side);
    for (let r = 0; r < side; r++)
      for (let q = 0; q < side; q++) {
        const y = row - half + r, x = column - half + q;
        if (y >= 0 && y < size && x >= 0 && x < size) out[r * side + q] = image[y * size + x];
      }
    return out;
  }

  /** A place as 18 numbers: itself in [−1, 1], its sines and cosines at four octaves. */
  function positionCode({ size }, centre) {
    const place = centre.map((c) => c / size);
    const angles = [1, 2, 4, 8].flatMap((octave) => place.map((c) => Math.PI * octave * c));
    return Float32Array.from([...place.map((c) => 2 * c - 1), ...angles.map(Math.sin), ...angles.map(Math.cos)]);
  }

  /** Blocks that might draw an atom seen alone: where a fit to it may begin. */
  const guesses = (net, target) => (net.encoder === "pursuit"
    ? [block(net, target, highest(net, target).centre)] : net.encode(target).map(({ z }) => z));

  return { reference, "one-shot": oneShot, pursuit, guesses };
})();
